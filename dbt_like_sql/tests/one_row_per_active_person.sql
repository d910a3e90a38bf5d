-- customer_360 has every active OneID and nobody else.
select people.one_id
from (select one_id from {{ ref('stg_identity__one_id') }} where status = 'active') as people
full join {{ ref('customer_360') }} as customers on people.one_id = customers.one_id
where people.one_id is null or customers.one_id is null
