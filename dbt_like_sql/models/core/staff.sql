with

told as (
    select * from {{ ref('stg_touchpoints__staff') }}
),

final as (
    select
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
        left_date
    from told
    -- of several lists that name it the newest counts
    qualify row_number() over (
        partition by staff_code order by told_at desc, record_id
    ) = 1
)

select * from final
