with

final as (
    select
        record_id,
        role,
        id_type,
        id_scope,
        id_value,
        strength,
        seen_at,
        valid_to
    from {{ source('touchpoints', 'identifier') }}
)

select * from final
