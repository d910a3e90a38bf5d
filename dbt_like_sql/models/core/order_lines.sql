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

-- A line may pack several titles (热水器…;镁棒…): each part has its own category.
parts as (
    select
        title,
        trim(unnest(string_split(title, ';'))) as part
    from titles
),

distinct_parts as (
    select distinct part
    from parts
),

matching as (
    select
        distinct_parts.part,
        category_pattern.category,
        category_pattern.is_durable,
        category_pattern.priority
    from distinct_parts
    inner join category_pattern on regexp_matches(distinct_parts.part, category_pattern.pattern)
    qualify row_number() over (
        partition by distinct_parts.part order by category_pattern.priority, category_pattern.category
    ) = 1
),

-- The line is of its appliance: the part that goes with it does not make it a part's line.
categorised as (
    select
        parts.title,
        arg_min(matching.category, (not matching.is_durable, matching.priority, matching.category)) as category,
        bool_or(matching.is_durable) as is_durable
    from parts
    inner join matching on parts.part = matching.part
    group by parts.title
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
