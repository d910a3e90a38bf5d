with __dbt__cte__int_as_of as (
with

final as (
    select
        date '2026-06-30' as as_of_date,
        -- the first moment in UTC that no longer counts
        timezone(
            'UTC', timezone('Asia/Shanghai', timestamp '2026-06-30 00:00:00' + interval 1 day)
        ) as ends_at
)

select * from final
),

as_of as (
    select * from __dbt__cte__int_as_of
),

people as (
    select * from lake.staging.stg_identity__one_id
    where status = 'active'
),

purchase_day as (
    select * from customer.purchase_day
),

threshold as (
    select * from lake.staging.stg_profiles__stage_threshold
    where scope = 'all'
),

contact as (
    select distinct one_id
    from lake.intermediate.int_person_contact
),

gaps as (
    select
        one_id,
        purchase_date,
        date_diff(
            'day', lag(purchase_date) over (partition by one_id order by purchase_date), purchase_date
        ) as gap_days
    from purchase_day
),

measured as (
    select
        one_id,
        count(*) as n_purchases,
        max(purchase_date) as last_purchase_date,
        arg_max_null(gap_days, purchase_date) as last_gap_days
    from gaps
    group by one_id
),

joined as (
    select
        people.one_id,
        coalesce(measured.n_purchases, 0) as n_purchases,
        measured.last_purchase_date,
        date_diff('day', measured.last_purchase_date, as_of.as_of_date) as recency_days,
        measured.last_gap_days,
        threshold.q80_days,
        threshold.q95_days
    from people
    cross join as_of
    cross join threshold
    left join measured on people.one_id = measured.one_id
    left join contact on people.one_id = contact.one_id
    where measured.one_id is not null or contact.one_id is not null
),

staged as (
    select
        *,
        case
            when n_purchases = 0 then 'potential'
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
        stage,
        case stage
            when 'potential' then '潜在'
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
