-- An order that was paid back as a whole leaves nobody a cent, no change is less than what is taken back, and no right
-- is below nought.
with running as (
    select
        entry.entry_id,
        entry.order_key,
        sum(entry.amount_cny) over (
            partition by entry.order_key, entry.payee, entry.payee_level, entry.rule_id order by entry.entry_date, entry.entry_id
        ) as due_cny,
        sum(entry.amount_cny) over (
            partition by entry.order_key, entry.payee, entry.payee_level, entry.rule_id
        ) as left_cny
    from {{ ref('commission_entry') }} as entry
)

select
    running.entry_id,
    running.due_cny,
    running.left_cny
from running
inner join {{ ref('orders') }} as orders on running.order_key = orders.order_key
where running.due_cny < 0 or (orders.net_amount_cny <= 0 and running.left_cny <> 0)
