with

final as (
    select
        one_id,
        field,
        value,
        value_hash,
        source,
        record_id,
        rule
    from {{ source('identity', 'golden_field') }}
)

select * from final
