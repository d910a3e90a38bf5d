with

final as (
    select
        category,
        category_zh,
        category_en,
        is_durable
    from {{ ref('stg_profiles__category_pattern') }}
)

select * from final
