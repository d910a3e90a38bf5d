with

final as (
    select
        category,
        category_zh,
        is_durable
    from {{ ref('stg_profiles__category_pattern') }}
)

select * from final
