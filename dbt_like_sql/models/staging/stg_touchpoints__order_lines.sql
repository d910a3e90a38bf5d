with

final as (
    select
        order_key,
        record_id,
        line_no,
        sku,
        title,
        spec,
        qty,
        unit_price,
        line_amount,
        refunded_amount,
        is_gift
    from {{ source('touchpoints', 'order_lines') }}
)

select * from final
