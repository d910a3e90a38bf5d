with

final as (
    select
        one_id,
        p_alive,
        expected_purchases_90d,
        expected_purchases_365d,
        p_buy_30d,
        p_buy_90d,
        p_buy_365d,
        next_purchase_date,
        next_purchase_from,
        next_purchase_to,
        expected_order_value_cny,
        clv_12m_cny,
        tier,
        model_run
    from {{ source('profiles', 'clv') }}
)

select * from final
