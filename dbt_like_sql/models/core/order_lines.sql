with

order_lines as (
    select * from {{ ref('stg_touchpoints__order_lines') }}
),

category_pattern as (
    select * from {{ ref('stg_profiles__category_pattern') }}
),

orders as (
    select * from {{ ref('orders') }}
),

titles as (
    select distinct title
    from order_lines
    where title is not null
),

-- A line that packs several titles (热水器…;镁棒…) is of its appliance: the part does not make it a part's line.
matching as (
    select
        titles.title,
        category_pattern.category,
        category_pattern.is_durable,
        (
            contains(titles.title, ';') and not category_pattern.is_durable,
            category_pattern.priority,
            category_pattern.category
        ) as rank
    from titles
    inner join category_pattern on regexp_matches(titles.title, category_pattern.pattern)
),

categorised as (
    select
        title,
        arg_min(category, rank) as category,
        arg_min(is_durable, rank) as is_durable
    from matching
    group by title
),

final as (
    select
        order_lines.order_key,
        order_lines.line_no,
        orders.one_id,
        orders.source,
        orders.channel,
        orders.store_id,
        orders.ordered_date,
        orders.is_valid,
        orders.is_return,
        order_lines.sku,
        order_lines.title,
        order_lines.spec,
        categorised.category,
        coalesce(categorised.is_durable, false) as is_durable,
        coalesce(order_lines.is_gift, false) as is_gift,
        order_lines.qty,
        order_lines.unit_price,
        order_lines.line_amount,
        order_lines.refunded_amount,
        round(
            (coalesce(order_lines.line_amount, 0) - coalesce(order_lines.refunded_amount, 0)) * orders.fx_rate, 2
        ) as net_line_amount_cny
    from order_lines
    inner join orders on order_lines.order_key = orders.order_key
    left join categorised on order_lines.title = categorised.title
)

select * from final
