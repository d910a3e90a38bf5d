with

as_of as (
    select * from {{ ref('int_as_of') }}
),

unit as (
    select * from {{ ref('int_forecast_unit') }}
    where target_level = 'brand'
),

forecast_day as (
    select * from {{ ref('int_forecast_day') }}
),

day_weight as (
    select * from {{ ref('int_day_weight') }}
),

sale as (
    select * from {{ ref('int_sale') }}
),

value_model as (
    select * from {{ ref('stg_profiles__value_model') }}
),

numbers as (
    select unnest(range(1, 13)) as number
),

periods as (
    select
        'week' as period_kind,
        numbers.number as period_no,
        as_of.as_of_date + cast(7 * numbers.number - 6 as integer) as period_start_date,
        as_of.as_of_date + cast(7 * numbers.number as integer) as period_end_date
    from numbers
    cross join as_of
    union all
    select
        'month' as period_kind,
        numbers.number as period_no,
        cast(date_trunc('month', as_of.as_of_date + 1) + to_months(cast(numbers.number as integer) + months.late) as date) as period_start_date,
        cast(date_trunc('month', as_of.as_of_date + 1) + to_months(cast(numbers.number as integer) + 1 + months.late) as date) - 1 as period_end_date
    from numbers
    cross join as_of
    -- the first whole month after the as-of day
    cross join (
        select case when day(as_of_date + 1) = 1 then -1 else 0 end as late from as_of
    ) as months
    where numbers.number <= 3
),

expected as (
    select
        periods.period_kind,
        periods.period_no,
        periods.period_start_date,
        periods.period_end_date,
        sum(forecast_day.day_weight) as period_weight,
        sum(forecast_day.share_90d) as share_90d,
        sum(forecast_day.share_after_90d) as share_after_90d
    from periods
    inner join forecast_day on forecast_day.day between periods.period_start_date and periods.period_end_date
    group by all
),

parts as (
    select
        expected.*,
        unit.has_scores,
        unit.run_rate_cny * expected.period_weight as run_rate_cny,
        unit.purchases_90d * expected.share_90d + (unit.purchases_365d - unit.purchases_90d) * expected.share_after_90d as purchases,
        unit.known_90d_cny * expected.share_90d + (unit.known_365d_cny - unit.known_90d_cny) * expected.share_after_90d as known_cny,
        unit.new_rate_cny * expected.period_weight as new_cny,
        unit.anonymous_rate_cny * expected.period_weight as anonymous_cny
    from expected
    cross join unit
),

-- How far the run rate would have missed: standing on one of twelve days, four weeks apart, looking as far ahead.
sold as (
    select
        ordered_date,
        sum(net_amount_cny) as net_amount_cny
    from sale
    group by ordered_date
),

daily as (
    select
        day_weight.day,
        sum(coalesce(sold.net_amount_cny, 0)) over (order by day_weight.day) as running_cny,
        sum(day_weight.day_weight) over (order by day_weight.day) as running_weight
    from day_weight
    cross join as_of
    left join sold on day_weight.day = sold.ordered_date
    where day_weight.day <= as_of.as_of_date and day_weight.day >= (select min(ordered_date) from sold)
),

origins as (
    select
        daily.day as origin_date,
        (daily.running_cny - before.running_cny) / (daily.running_weight - before.running_weight) as rate_cny,
        daily.running_cny,
        daily.running_weight
    from daily
    inner join daily as before on before.day = daily.day - 90
    cross join as_of
    where date_diff('day', daily.day, as_of.as_of_date) % 28 = 0 and daily.day >= as_of.as_of_date - 28 * 12
),

leads as (
    select 'week' as period_kind, number as period_no, 7 * (number - 1) as from_days, 7 * number as to_days from numbers
    union all
    select 'month' as period_kind, number as period_no, 30 * (number - 1) as from_days, 30 * number as to_days from numbers
    where number <= 3
),

missed as (
    select
        leads.period_kind,
        (till.running_cny - since.running_cny)
        / nullif(origins.rate_cny * (till.running_weight - since.running_weight), 0) - 1 as relative_error
    from origins
    cross join leads
    inner join daily as since on since.day = origins.origin_date + cast(leads.from_days as integer)
    inner join daily as till on till.day = origins.origin_date + cast(leads.to_days as integer)
    where origins.rate_cny > 0
),

errors as (
    select
        period_kind,
        count(*) as n_backtests,
        sqrt(avg(relative_error * relative_error)) as run_rate_error
    from missed
    group by period_kind
),

-- told as expected by actual; here as actual by expected, like the others
model_error as (
    select max(1 / (1 + cast(json_extract_string(backtest, '$.model.spend_total_error') as double)) - 1) as value_error
    from value_model
    where gate is null
),

together as (
    select
        parts.*,
        case when parts.has_scores then parts.known_cny + parts.new_cny + parts.anonymous_cny else parts.run_rate_cny end as forecast_cny,
        errors.n_backtests,
        errors.run_rate_error,
        model_error.value_error
    from parts
    cross join model_error
    left join errors on parts.period_kind = errors.period_kind
),

bounded as (
    select
        *,
        -- the part that rests on the value model has its error beside that of seasons and chance
        sqrt(
            run_rate_error * run_rate_error
            + case
                when has_scores and forecast_cny > 0 then pow(coalesce(value_error, 0) * known_cny / forecast_cny, 2)
                else 0
            end
        ) as relative_error
    from together
),

last_year as (
    select
        periods.period_kind,
        periods.period_no,
        sum(sale.net_amount_cny) as last_year_cny
    from periods
    inner join sale
        on sale.ordered_date between cast(periods.period_start_date - interval 1 year as date)
        and cast(periods.period_end_date - interval 1 year as date)
    group by periods.period_kind, periods.period_no
),

final as (
    select
        bounded.period_kind || '#' || bounded.period_no as forecast_id,
        bounded.period_kind,
        bounded.period_no,
        bounded.period_start_date,
        bounded.period_end_date,
        case when bounded.has_scores then 'expected_purchases' else 'run_rate' end as basis,
        case when bounded.has_scores then round(bounded.purchases, 2) end as expected_purchases,
        case when bounded.has_scores then round(bounded.known_cny, 2) end as known_customers_cny,
        case when bounded.has_scores then round(bounded.new_cny, 2) end as new_customers_cny,
        case when bounded.has_scores then round(bounded.anonymous_cny, 2) end as anonymous_cny,
        round(bounded.forecast_cny, 2) as forecast_cny,
        round(bounded.run_rate_cny, 2) as run_rate_cny,
        -- greatest() passes over nulls: without a back-test there is no bound, not a bound of nought
        case
            when bounded.relative_error is not null
                then round(greatest(bounded.forecast_cny * (1 - 1.2816 * bounded.relative_error), 0), 2)
        end as forecast_low_cny,
        round(bounded.forecast_cny * (1 + 1.2816 * bounded.relative_error), 2) as forecast_high_cny,
        round(bounded.relative_error, 4) as relative_error,
        coalesce(bounded.n_backtests, 0) as n_backtests,
        round(last_year.last_year_cny, 2) as last_year_cny
    from bounded
    left join last_year
        on bounded.period_kind = last_year.period_kind
        and bounded.period_no = last_year.period_no
)

select * from final
