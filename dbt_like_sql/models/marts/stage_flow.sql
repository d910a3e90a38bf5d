with

as_of as (
    select * from {{ ref('int_as_of') }}
),

stage_history as (
    select * from {{ ref('stage_history') }}
    where scope = 'all'
),

purchase_day as (
    select * from {{ ref('purchase_day') }}
),

clv as (
    select * from {{ ref('stg_profiles__clv') }}
),

-- month ends that lie behind the as-of date, or on it
month_end as (
    select unnest(
        [cast(date_trunc('month', as_of_date + 1) - to_months(n) as date) - 1 for n in range(14)]
    ) as month_end_date
    from as_of
),

period as (
    select '1_month' as period, cast(as_of_date - interval 1 month as date) as from_date, as_of_date as to_date
    from as_of
    union all
    select '3_months' as period, cast(as_of_date - interval 3 month as date) as from_date, as_of_date as to_date
    from as_of
    union all
    select '1_year' as period, cast(as_of_date - interval 1 year as date) as from_date, as_of_date as to_date
    from as_of
    union all
    select
        'month' as period,
        lag(month_end_date) over (order by month_end_date) as from_date,
        month_end_date as to_date
    from month_end
    qualify from_date is not null
),

began as (
    select period.period, period.from_date, period.to_date, stage_history.one_id, stage_history.stage
    from period
    inner join stage_history
        on period.from_date between stage_history.valid_from and coalesce(stage_history.valid_to, period.from_date)
),

ended as (
    select period.period, period.from_date, period.to_date, stage_history.one_id, stage_history.stage
    from period
    inner join stage_history
        on period.to_date between stage_history.valid_from and coalesce(stage_history.valid_to, period.to_date)
),

moved as (
    select
        coalesce(began.period, ended.period) as period,
        coalesce(began.from_date, ended.from_date) as from_date,
        coalesce(began.to_date, ended.to_date) as to_date,
        coalesce(began.one_id, ended.one_id) as one_id,
        coalesce(began.stage, 'none') as from_stage,
        coalesce(ended.stage, 'none') as to_stage
    from began
    full join ended
        on began.period = ended.period
        and began.from_date = ended.from_date
        and began.one_id = ended.one_id
),

spent as (
    select
        period.period,
        period.from_date,
        purchase_day.one_id,
        sum(purchase_day.net_amount_cny) as net_amount_cny
    from period
    inner join purchase_day
        on purchase_day.purchase_date > period.from_date
        and purchase_day.purchase_date <= period.to_date
    group by period.period, period.from_date, purchase_day.one_id
),

final as (
    select
        moved.period,
        moved.from_date,
        moved.to_date,
        moved.from_stage,
        moved.to_stage,
        count(*) as n_people,
        round(
            count(*) / sum(count(*)) over (partition by moved.period, moved.from_date, moved.from_stage), 4
        ) as from_share,
        round(coalesce(sum(spent.net_amount_cny), 0), 2) as net_amount_cny,
        round(coalesce(sum(clv.clv_12m_cny), 0), 2) as clv_12m_cny
    from moved
    left join spent
        on moved.period = spent.period
        and moved.from_date = spent.from_date
        and moved.one_id = spent.one_id
    left join clv on moved.one_id = clv.one_id
    group by moved.period, moved.from_date, moved.to_date, moved.from_stage, moved.to_stage
)

select * from final
