with

final as (
    select
        code,
        name,
        level,
        parent
    from {{ source('profiles', 'region') }}
)

select * from final
