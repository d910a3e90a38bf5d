with

final as (
    select
        record_id,
        source,
        account,
        record_type,
        natural_key,
        role,
        one_id
    from {{ source('identity', 'record_map') }}
)

select * from final
