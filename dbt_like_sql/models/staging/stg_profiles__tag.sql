with

final as (
    select
        one_id,
        tag,
        value
    from {{ source('profiles', 'tag') }}
)

select * from final
