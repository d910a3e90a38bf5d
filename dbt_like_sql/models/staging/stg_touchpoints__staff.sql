with

final as (
    select
        record_id,
        staff_code,
        name_key,
        phone_key,
        job,
        store_code,
        partner_code,
        leader_code,
        wecom_userid,
        status,
        joined_date,
        left_date,
        source,
        account,
        version_at as told_at
    from {{ source('touchpoints', 'staff') }}
)

select * from final
