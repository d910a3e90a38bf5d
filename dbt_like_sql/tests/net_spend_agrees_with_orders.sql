-- What purchase days add up to never exceeds what valid orders brought in.
with days as (
    select one_id, sum(net_amount_cny) as net_amount from {{ ref('purchase_day') }} group by one_id
),

bought as (
    select one_id, sum(net_amount_cny) as net_amount from {{ ref('orders') }} where is_valid group by one_id
)

select days.one_id
from days
left join bought on days.one_id = bought.one_id
where days.net_amount > coalesce(bought.net_amount, 0) + 0.01
