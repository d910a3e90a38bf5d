with

final as (
    select
        event_id,
        one_id,
        basis
    from {{ source('identity', 'event_owner') }}
)

select * from final
