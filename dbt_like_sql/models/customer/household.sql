with

as_of as (
    select * from {{ ref('int_as_of') }}
),

members as (
    select * from {{ ref('household_member') }}
),

bought as (
    select * from {{ ref('int_person_orders') }}
),

reach as (
    select * from {{ ref('int_person_reach') }}
),

lifecycle as (
    select * from {{ ref('lifecycle') }}
),

clv as (
    select * from {{ ref('stg_profiles__clv') }}
),

durables as (
    select
        members.household_id,
        list(distinct durable.category order by durable.category) as durables
    from members
    inner join {{ ref('stg_profiles__durable') }} as durable on members.one_id = durable.one_id
    group by members.household_id
),

joined as (
    select
        members.household_id,
        count(*) as n_members,
        count(*) filter (where bought.n_purchases > 0) as n_buyers,
        count(*) filter (where reach.reach_sms) as n_reachable_sms,
        cast(coalesce(sum(bought.n_purchases), 0) as bigint) as n_purchases,
        round(coalesce(sum(bought.net_amount_cny), 0), 2) as net_amount_cny,
        round(coalesce(sum(bought.net_amount_365d_cny), 0), 2) as net_amount_365d_cny,
        round(sum(clv.clv_12m_cny), 2) as clv_12m_cny,
        min(bought.first_order_date) as first_order_date,
        max(bought.last_order_date) as last_order_date,
        coalesce(bool_or(lifecycle.stage in ('new', 'repeat', 'active', 'won_back')), false) as is_active
    from members
    left join bought on members.one_id = bought.one_id
    left join reach on members.one_id = reach.one_id
    left join lifecycle on members.one_id = lifecycle.one_id
    left join clv on members.one_id = clv.one_id
    group by members.household_id
),

final as (
    select
        joined.household_id,
        joined.n_members,
        joined.n_buyers,
        joined.n_reachable_sms,
        joined.n_purchases,
        joined.net_amount_cny,
        joined.net_amount_365d_cny,
        joined.clv_12m_cny,
        joined.first_order_date,
        joined.last_order_date,
        date_diff('day', joined.last_order_date, as_of.as_of_date) as recency_days,
        coalesce(durables.durables, []) as durables,
        joined.is_active
    from joined
    cross join as_of
    left join durables on joined.household_id = durables.household_id
)

select * from final
