with

final as (
    select
        record_id,
        store_code,
        "name" as store_name,
        kind as store_kind,
        status,
        sales_area,
        province,
        city,
        district,
        partner_code,
        opened_date,
        closed_date,
        area_m2,
        longitude,
        latitude,
        source,
        account,
        version_at as told_at
    from {{ source('touchpoints', 'store') }}
)

select * from final
