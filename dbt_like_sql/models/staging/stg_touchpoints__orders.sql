with

final as (
    select
        order_key,
        record_id,
        source,
        account,
        order_no,
        channel,
        status,
        status_raw,
        after_sale_status,
        is_return,
        created_at,
        paid_at,
        shipped_at,
        completed_at,
        closed_at,
        currency,
        goods_amount,
        discount_amount,
        freight_amount,
        paid_amount,
        refunded_amount,
        coupon_amount,
        store_id,
        guide_id
    from {{ source('touchpoints', 'orders') }}
)

select * from final
