with

category_purchase_day as (
    select * from {{ ref('int_category_purchase_day') }}
),

final as (
    select
        one_id,
        category,
        purchase_date,
        is_durable,
        n_orders,
        qty,
        net_amount_cny
    from category_purchase_day
    where undone_date is null
)

select * from final
