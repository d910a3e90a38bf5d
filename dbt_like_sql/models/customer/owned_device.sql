with

order_lines as (
    select * from {{ ref('order_lines') }}
),

final as (
    select
        one_id,
        category,
        min(ordered_date) as first_purchase_date,
        max(ordered_date) as last_purchase_date,
        count(distinct ordered_date) as n_purchases,
        sum(qty) as qty
    from order_lines
    where
        is_valid
        and is_durable
        and one_id is not null
        and coalesce(net_line_amount_cny, 0) > 0
    group by one_id, category
)

select * from final
