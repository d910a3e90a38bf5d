with

as_of as (
    select * from {{ ref('int_as_of') }}
),

people as (
    select * from {{ ref('stg_identity__one_id') }}
    where status = 'active'
),

purchase_day as (
    select * from {{ ref('category_purchase_day') }}
    where one_id in (select one_id from people)
),

threshold as (
    select * from {{ ref('stg_profiles__stage_threshold') }}
    where scope = 'category'
),

gaps as (
    select
        one_id,
        category,
        purchase_date,
        date_diff('day', lag(purchase_date) over earlier, purchase_date) as gap_days
    from purchase_day
    window earlier as (partition by one_id, category order by purchase_date)
),

measured as (
    select
        one_id,
        category,
        count(*) as n_purchases,
        max(purchase_date) as last_purchase_date,
        arg_max_null(gap_days, purchase_date) as last_gap_days
    from gaps
    group by one_id, category
),

joined as (
    select
        measured.*,
        date_diff('day', measured.last_purchase_date, as_of.as_of_date) as recency_days,
        threshold.q80_days,
        threshold.q95_days
    from measured
    cross join as_of
    inner join threshold on measured.category = threshold.category
),

staged as (
    select
        *,
        case
            when recency_days > 2 * q95_days then 'churned'
            when recency_days > q95_days then 'silent'
            when recency_days > q80_days then 'at_risk'
            when n_purchases >= 2 and last_gap_days > q95_days then 'won_back'
            when n_purchases = 1 then 'new'
            when n_purchases = 2 then 'repeat'
            else 'active'
        end as stage
    from joined
),

final as (
    select
        one_id,
        category,
        stage,
        case stage
            when 'churned' then '流失'
            when 'silent' then '沉默'
            when 'at_risk' then '预警'
            when 'won_back' then '召回'
            when 'new' then '新客'
            when 'repeat' then '复购'
            when 'active' then '活跃'
        end as stage_zh,
        n_purchases,
        last_purchase_date,
        recency_days,
        last_gap_days,
        q80_days,
        q95_days
    from staged
)

select * from final
