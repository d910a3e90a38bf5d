with

final as (
    select
        record_id,
        partner_code,
        company_name,
        kind as partner_kind,
        parent_code,
        contact_name_key,
        contact_phone_key,
        province,
        city,
        status,
        started_date,
        ended_date,
        source,
        account,
        version_at as told_at
    from {{ source('touchpoints', 'partner') }}
)

select * from final
