with

told as (
    select * from {{ ref('stg_touchpoints__store') }}
),

final as (
    select
        store_code,
        store_name,
        store_kind,
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
        latitude
    from told
    -- of several lists that name it the newest counts
    qualify row_number() over (
        partition by store_code order by told_at desc, record_id
    ) = 1
)

select * from final
