with

told as (
    select * from {{ ref('stg_touchpoints__partner') }}
),

final as (
    select
        partner_code,
        company_name,
        partner_kind,
        parent_code,
        contact_name_key,
        contact_phone_key,
        province,
        city,
        status,
        started_date,
        ended_date
    from told
    -- of several lists that name it the newest counts
    qualify row_number() over (
        partition by partner_code order by told_at desc, record_id
    ) = 1
)

select * from final
