with

told as (
    select * from {{ ref('stg_touchpoints__product_price') }}
),

newest as (
    select
        product_code,
        coalesce(price_kind, '-') as price_kind,
        coalesce(channel, '-') as channel,
        valid_from_date,
        valid_to_date,
        price,
        currency
    from told
    qualify row_number() over (
        partition by product_code, coalesce(price_kind, '-'), coalesce(channel, '-'), valid_from_date order by told_at desc, record_id
    ) = 1
),

final as (
    select
        product_code,
        price_kind,
        channel,
        valid_from_date,
        coalesce(
            valid_to_date,
            lead(valid_from_date) over (partition by product_code, price_kind, channel order by valid_from_date) - 1
        ) as valid_to_date,
        price,
        currency
    from newest
)

select * from final
