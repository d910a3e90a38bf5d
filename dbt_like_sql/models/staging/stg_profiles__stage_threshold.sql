with

final as (
    select
        scope,
        category,
        q80_days,
        q95_days
    from {{ source('profiles', 'stage_threshold') }}
)

select * from final
