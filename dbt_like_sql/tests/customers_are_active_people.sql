-- Whoever bought is an active OneID: record_map never points at one that was merged away.
select distinct orders.one_id
from {{ ref('orders') }} as orders
left join {{ ref('rfm') }} as people on orders.one_id = people.one_id
where orders.one_id is not null and people.one_id is null
