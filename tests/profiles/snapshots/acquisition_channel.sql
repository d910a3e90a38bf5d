with

happened as (
    select
        one_id,
        ordered_date as happened_date,
        cast(channel as varchar) as value
    from core.orders as orders
    where one_id is not null
        and (is_valid)
        and ordered_date <= $as_of
)

select
    one_id,
    'acquisition_channel' as tag,
    value,
    happened_date as since
from happened
where value is not null
qualify row_number() over (partition by one_id order by happened_date, value) = 1
