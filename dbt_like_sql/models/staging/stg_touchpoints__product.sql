with

final as (
    select
        record_id,
        product_code,
        title as product_title,
        spec,
        category,
        series,
        model,
        brand,
        barcode,
        unit,
        list_price,
        cost_price,
        currency,
        is_durable,
        life_months,
        consumable_of,
        launched_date,
        ended_date,
        source,
        account,
        version_at as told_at
    from {{ source('touchpoints', 'product') }}
)

select * from final
