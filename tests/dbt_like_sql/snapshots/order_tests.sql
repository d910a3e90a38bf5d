-- unique_orders_order_key (error)
select order_key as value, count(*) as n_rows from core.orders
where order_key is not null group by 1 having count(*) > 1

-- not_null_orders_order_key (error)
select * from core.orders where order_key is null

-- not_null_orders_record_id (error)
select * from core.orders where record_id is null

-- not_null_orders_channel (error)
select * from core.orders where channel is null

-- accepted_values_orders_channel (error)
select channel as value, count(*) as n_rows from core.orders
where channel not in ('marketplace', 'online_store', 'store', 'international') group by 1

-- not_null_orders_status (error)
select * from core.orders where status is null

-- accepted_values_orders_status (error)
select status as value, count(*) as n_rows from core.orders
where status not in ('created', 'paid', 'partly_shipped', 'shipped', 'completed', 'closed', 'unknown') group by 1

-- not_null_orders_is_valid (error)
select * from core.orders where is_valid is null

-- not_null_orders_ordered_at (error)
select * from core.orders where ordered_at is null

-- not_null_orders_ordered_date (error)
select * from core.orders where ordered_date is null

-- orders_have_an_exchange_rate (warn)
-- An order in a currency that `fx` does not know has no amount in CNY and counts nowhere: add its rate to the variable.


select order_key, currency
from core.orders
where fx_rate is null

-- unique_order_lines_order_key_line_no (error)
select order_key || '#' || line_no as value, count(*) as n_rows from core.order_lines
where order_key || '#' || line_no is not null group by 1 having count(*) > 1

-- not_null_order_lines_order_key (error)
select * from core.order_lines where order_key is null

-- relationships_order_lines_order_key (error)
select child.value from (select order_key as value from core.order_lines) as child
left join (select order_key as value from core.orders) as parent on child.value = parent.value
where child.value is not null and parent.value is null

-- not_null_order_lines_line_no (error)
select * from core.order_lines where line_no is null
