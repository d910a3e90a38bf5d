with

measured as (
    select
        one_id,
        count(*) as n_orders,
        avg(case when coupon_amount > 0 then 1 else 0 end) as coupon_share,
        max(ordered_date) as last_date
    from core.orders as orders
    where one_id is not null
        and (is_valid)
        and ordered_date <= $as_of
        and ordered_date > $as_of - 365
    group by one_id
)

select
    one_id,
    'coupon_lover' as tag,
    cast(round(coupon_share, 2) as varchar) as value,
    last_date as since
from measured
where (n_orders >= 3 and coupon_share >= 0.5)
