with

final as (
    select
        category,
        category_zh,
        pattern,
        priority,
        is_durable
    from {{ source('profiles', 'category_pattern') }}
)

select * from final
