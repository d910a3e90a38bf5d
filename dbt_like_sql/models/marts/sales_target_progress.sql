with

as_of as (
    select * from {{ ref('int_as_of') }}
),

target as (
    select
        sales_target.*,
        target_unit.unit_code
    from {{ ref('sales_target') }} as sales_target
    inner join {{ ref('int_target_unit') }} as target_unit
        on sales_target.target_level = target_unit.target_level
        and coalesce(sales_target.target_of, '-') = target_unit.target_of
    where sales_target.period_start_date is not null
),

target_sale as (
    select * from {{ ref('int_target_sale') }}
),

touch as (
    select * from {{ ref('int_unit_touch') }}
    where kind = 'member_joined' and not is_again
),

forecast_unit as (
    select * from {{ ref('int_forecast_unit') }}
),

forecast_day as (
    select * from {{ ref('int_forecast_day') }}
),

day_weight as (
    select * from {{ ref('int_day_weight') }}
),

sold as (
    select
        target.target_id,
        sum(target_sale.net_amount_cny) as net_amount_cny,
        count(distinct target_sale.order_key) filter (where target_sale.is_valid) as n_orders
    from target
    inner join target_sale
        on target.target_level = target_sale.target_level
        and target.unit_code = target_sale.unit_code
        and target_sale.ordered_date between target.period_start_date and target.period_end_date
    group by target.target_id
),

joined as (
    select
        target.target_id,
        count(*) as n_new_members
    from target
    inner join touch
        on target.target_level = touch.unit_kind
        and target.unit_code = touch.unit_code
        and touch.event_date between target.period_start_date and target.period_end_date
    group by target.target_id
),

periods as (
    select distinct period_start_date, period_end_date
    from target
),

elapsed as (
    select
        periods.period_start_date,
        periods.period_end_date,
        sum(day_weight.day_weight) filter (where day_weight.day <= as_of.as_of_date) / sum(day_weight.day_weight) as elapsed_share
    from periods
    cross join as_of
    inner join day_weight on day_weight.day between periods.period_start_date and periods.period_end_date
    group by periods.period_start_date, periods.period_end_date
),

remaining as (
    select
        periods.period_start_date,
        periods.period_end_date,
        sum(forecast_day.day_weight) as weight,
        sum(forecast_day.share_90d) as share_90d,
        sum(forecast_day.share_after_90d) as share_after_90d
    from periods
    inner join forecast_day on forecast_day.day between periods.period_start_date and periods.period_end_date
    group by periods.period_start_date, periods.period_end_date
),

progress as (
    select
        target.*,
        as_of.as_of_date,
        coalesce(sold.net_amount_cny, 0) as actual_amount_cny,
        coalesce(sold.n_orders, 0) as actual_orders,
        coalesce(joined.n_new_members, 0) as actual_members,
        coalesce(elapsed.elapsed_share, 0) as elapsed_share,
        coalesce(forecast_unit.has_scores, false) as has_scores,
        coalesce(forecast_unit.run_rate_cny * remaining.weight, 0) as rest_run_rate_cny,
        coalesce(
            forecast_unit.known_90d_cny * remaining.share_90d
            + (forecast_unit.known_365d_cny - forecast_unit.known_90d_cny) * remaining.share_after_90d
            + (forecast_unit.new_rate_cny + forecast_unit.anonymous_rate_cny) * remaining.weight,
            0
        ) as rest_customers_cny
    from target
    cross join as_of
    left join sold on target.target_id = sold.target_id
    left join joined on target.target_id = joined.target_id
    left join elapsed
        on target.period_start_date = elapsed.period_start_date
        and target.period_end_date = elapsed.period_end_date
    left join remaining
        on target.period_start_date = remaining.period_start_date
        and target.period_end_date = remaining.period_end_date
    left join forecast_unit
        on target.target_level = forecast_unit.target_level
        and target.unit_code = forecast_unit.unit_code
),

judged as (
    select
        *,
        case
            when period_end_date <= as_of_date then 'actual'
            when has_scores then 'expected_purchases'
            else 'run_rate'
        end as basis,
        actual_amount_cny + rest_run_rate_cny as run_rate_amount_cny,
        case when has_scores then actual_amount_cny + rest_customers_cny end as customers_amount_cny
    from progress
),

final as (
    select
        target_id,
        period_start_date,
        period_end_date,
        target_level,
        target_of,
        case
            when period_end_date <= as_of_date then 'closed'
            when period_start_date > as_of_date then 'not_begun'
            else 'running'
        end as period_state,
        target_amount,
        currency,
        round(actual_amount_cny, 2) as actual_amount_cny,
        round(actual_amount_cny / nullif(target_amount, 0), 4) as achieved_share,
        round(elapsed_share, 4) as elapsed_share,
        round(run_rate_amount_cny, 2) as expected_by_run_rate_cny,
        round(customers_amount_cny, 2) as expected_by_customers_cny,
        basis,
        round(case when basis = 'expected_purchases' then customers_amount_cny else run_rate_amount_cny end, 2) as expected_amount_cny,
        round(
            case when basis = 'expected_purchases' then customers_amount_cny else run_rate_amount_cny end / nullif(target_amount, 0), 4
        ) as expected_share,
        target_orders,
        actual_orders,
        target_members,
        actual_members
    from judged
)

select * from final
