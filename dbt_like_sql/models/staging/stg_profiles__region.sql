with

final as (
    select
        code,
        name,
        level,
        parent,
        name_en
    from {{ source('profiles', 'region') }}
)

select * from final
