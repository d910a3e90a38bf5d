with

final as (
    select
        record_id,
        product_code,
        price_kind,
        channel,
        valid_from as valid_from_date,
        valid_to as valid_to_date,
        price,
        currency,
        source,
        account,
        version_at as told_at
    from {{ source('touchpoints', 'product_price') }}
)

select * from final
