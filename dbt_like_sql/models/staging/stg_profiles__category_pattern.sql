with

final as (
    select
        category,
        pattern,
        priority,
        is_durable
    from {{ source('profiles', 'category_pattern') }}
)

select * from final
