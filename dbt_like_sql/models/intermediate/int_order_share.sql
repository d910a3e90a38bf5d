{{ config(materialized='table') }}

with

orders as (
    select * from {{ ref('orders') }}
    where (is_paid or is_return) and net_amount_cny is not null
),

refund as (
    select
        order_key,
        max(given_back_cents) as given_back_cents
    from {{ ref('int_order_refund') }}
    group by order_key
),

order_lines as (
    select * from {{ ref('order_lines') }}
    where not is_gift
),

product as (
    select * from {{ ref('product') }}
),

category_pattern as (
    select * from {{ ref('stg_profiles__category_pattern') }}
),

lines as (
    select
        order_lines.order_key,
        order_lines.line_no,
        order_lines.sku as product_code,
        order_lines.category,
        category_pattern.category_zh,
        product.category as product_category,
        abs(coalesce(cast(round(order_lines.line_amount * 100) as bigint), 0)) as weight,
        coalesce(cast(round(order_lines.refunded_amount * 100) as bigint), 0) as refund_weight,
        cast(round(product.cost_price * coalesce(order_lines.qty, 1) * 100) as bigint) as cost_cents
    from order_lines
    left join product on order_lines.sku = product.product_code
    left join category_pattern on order_lines.category = category_pattern.category
),

-- an order without lines is one line of nothing known
weighed as (
    select
        orders.order_key,
        coalesce(lines.line_no, '-') as line_no,
        lines.product_code,
        lines.category,
        lines.category_zh,
        lines.product_category,
        lines.cost_cents,
        coalesce(lines.refund_weight, 0) as refund_weight,
        cast(round(orders.paid_amount_cny * 100) as bigint) as paid_cents,
        cast(round(orders.net_amount_cny * 100) as bigint) as net_cents,
        coalesce(refund.given_back_cents / orders.fx_rate, 0) as given_back,
        case
            when coalesce(sum(lines.weight) over (partition by orders.order_key), 0) > 0 then coalesce(lines.weight, 0) else 1
        end as weight
    from orders
    left join lines on orders.order_key = lines.order_key
    left join refund on orders.order_key = refund.order_key
),

running as (
    select
        *,
        sum(weight) over (partition by order_key order by line_no) as running_weight,
        sum(weight) over (partition by order_key) as whole_weight,
        sum(refund_weight) over (partition by order_key) as told_refund,
        -- the lines say what came back only where they say it all
        sum(refund_weight) over (partition by order_key) >= greatest(given_back - 1, 1) as is_refund_told
    from weighed
),

-- Cut at the cents below the running sums, so that the lines of an order add up to what was paid for it.
final as (
    select
        order_key || '#' || line_no as order_line_id,
        order_key,
        line_no,
        product_code,
        category,
        category_zh,
        product_category,
        cost_cents,
        cast(
            cast(paid_cents as hugeint) * running_weight // whole_weight
            - cast(paid_cents as hugeint) * (running_weight - weight) // whole_weight as bigint
        ) as line_paid_cents,
        cast(
            cast(net_cents as hugeint) * running_weight // whole_weight
            - cast(net_cents as hugeint) * (running_weight - weight) // whole_weight as bigint
        ) as line_net_cents,
        cast(case when is_refund_told then refund_weight else weight end as bigint) as refund_weight,
        cast(case when is_refund_told then told_refund else whole_weight end as bigint) as whole_refund_weight
    from running
)

select * from final
