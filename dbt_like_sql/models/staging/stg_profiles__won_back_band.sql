with

final as (
    select
        scope,
        category,
        last_gap_days,
        is_won_back,
        valid_from,
        valid_to
    from {{ source('profiles', 'won_back_band') }}
)

select * from final
