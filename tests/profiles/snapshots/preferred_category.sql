with

weighed as (
    select
        one_id,
        cast(category as varchar) as value,
        count(distinct ordered_date) as weight,
        max(ordered_date) as last_date
    from core.order_lines as order_lines
    where one_id is not null
        and (is_valid and not is_gift and category <> 'service')
        and ordered_date <= $as_of
        and ordered_date > $as_of - 730
    group by one_id, cast(category as varchar)
)

select
    one_id,
    'preferred_category' as tag,
    value,
    last_date as since
from weighed
where value is not null and weight >= 0
qualify row_number() over (partition by one_id order by weight desc, last_date desc, value) <= 3
