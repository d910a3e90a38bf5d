with

final as (
    select
        scope,
        category,
        last_purchase_date,
        band,
        valid_from,
        valid_to
    from {{ source('profiles', 'stage_band') }}
)

select * from final
