with

final as (
    select
        record_id,
        role,
        id_type,
        id_scope,
        id_value,
        channel,
        purpose,
        state,
        "at" as stated_at,
        basis
    from {{ source('touchpoints', 'consent') }}
)

select * from final
