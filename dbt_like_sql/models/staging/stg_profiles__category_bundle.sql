with

final as (
    select
        category,
        goes_with
    from {{ source('profiles', 'category_bundle') }}
)

select * from final
