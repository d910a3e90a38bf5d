with

told as (
    select * from {{ ref('stg_touchpoints__product') }}
),

final as (
    select
        product_code,
        product_title,
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
        ended_date
    from told
    -- of several lists that name it the newest counts
    qualify row_number() over (
        partition by product_code order by told_at desc, record_id
    ) = 1
)

select * from final
