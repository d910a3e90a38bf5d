-- What channels made in all months is what core.orders has, to the cent; of gross, discount and returns the same is left.
with orders as (
    select
        date_trunc('month', ordered_date) as month_start_date,
        channel,
        cast(round(sum(net_amount_cny) * 100) as bigint) as net_cents
    from {{ ref('orders') }}
    where is_paid or is_return
    group by all
),

months as (
    select
        month_start_date,
        channel,
        cast(round(net_amount_cny * 100) as bigint) as net_cents,
        cast(round((gross_amount_cny - discount_amount_cny - returns_amount_cny) * 100) as bigint) as left_cents
    from {{ ref('channel_monthly') }}
)

select
    coalesce(orders.month_start_date, months.month_start_date) as month_start_date,
    coalesce(orders.channel, months.channel) as channel,
    orders.net_cents,
    months.net_cents as told_cents,
    months.left_cents
from orders
full join months on orders.month_start_date = months.month_start_date and orders.channel = months.channel
where
    coalesce(orders.net_cents, 0) <> coalesce(months.net_cents, 0)
    or coalesce(months.left_cents, 0) <> coalesce(months.net_cents, 0)
