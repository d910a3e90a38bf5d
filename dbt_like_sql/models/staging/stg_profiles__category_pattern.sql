with

final as (
    select
        category,
        category_zh,
        category_en,
        pattern,
        priority,
        is_durable
    from {{ source('profiles', 'category_pattern') }}
)

select * from final
