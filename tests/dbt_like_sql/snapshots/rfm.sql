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

measured as (
    select
        one_id,
        max(purchase_date) as last_purchase_date,
        count(*) as frequency,
        round(sum(net_amount_cny), 2) as monetary_cny
    from purchase_day
    group by one_id
),

-- percent_rank gives equal values one score; ntile would split them by chance
scored as (
    select
        one_id,
        last_purchase_date,
        frequency,
        monetary_cny,
        cast(least(5, 1 + floor(5 * percent_rank() over (order by last_purchase_date))) as integer) as r_score,
        cast(least(5, 1 + floor(5 * percent_rank() over (order by frequency))) as integer) as f_score,
        cast(least(5, 1 + floor(5 * percent_rank() over (order by monetary_cny))) as integer) as m_score
    from measured
),

averaged as (
    select
        *,
        (f_score + m_score) / 2 as fm_score
    from scored
),

final as (
    select
        people.one_id,
        date_diff('day', averaged.last_purchase_date, as_of.as_of_date) as recency_days,
        coalesce(averaged.frequency, 0) as frequency,
        coalesce(averaged.monetary_cny, 0) as monetary_cny,
        averaged.r_score,
        averaged.f_score,
        averaged.m_score,
        averaged.fm_score,
        case
            when averaged.one_id is null then 'prospects'
            when averaged.r_score = 5 and averaged.fm_score >= 4 then 'champions'
            when averaged.r_score >= 3 and averaged.fm_score >= 4 then 'loyal'
            when averaged.r_score >= 4 and averaged.fm_score >= 2.5 then 'active'
            when averaged.r_score = 5 then 'new'
            when averaged.r_score = 3 and averaged.fm_score >= 2.5 then 'needs_attention'
            when averaged.r_score >= 3 then 'promising'
            when averaged.fm_score >= 4 then 'previously_loyal'
            when averaged.fm_score >= 2.5 then 'at_risk'
            when averaged.r_score = 2 then 'almost_lost'
            else 'dormant'
        end as rfm_group
    from people
    cross join as_of
    left join averaged on people.one_id = averaged.one_id
)

select * from final
