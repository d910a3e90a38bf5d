with

measured as (
    select
        one_id,
        round(sum(net_amount_cny), 2) as net_cny,
        max(ordered_date) as last_date
    from core.orders as orders
    where one_id is not null
        and (is_valid or is_return)
        and ordered_date <= $as_of
        and ordered_date > $as_of - 365
    group by one_id
),

placed as (
    select
        one_id,
        last_date,
        case
            when (net_cny >= 20000) then 'diamond'
            when (net_cny >= 10000) then 'platinum'
            when (net_cny >= 5000) then 'gold'
            when (net_cny >= 2000) then 'silver'
            when (net_cny > 0) then 'bronze'
        end as tier
    from measured
)

select
    one_id,
    'vip_tier' as tag,
    tier as value,
    last_date as since
from placed
where tier is not null
