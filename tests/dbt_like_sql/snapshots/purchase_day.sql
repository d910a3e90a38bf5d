with

purchase_day as (
    select * from lake.intermediate.int_purchase_day
),

final as (
    select
        one_id,
        purchase_date,
        n_orders,
        n_discounted_orders,
        n_coupon_orders,
        n_returns,
        gross_amount_cny,
        discount_amount_cny,
        return_amount_cny,
        net_amount_cny
    from purchase_day
    where undone_date is null
)

select * from final
