with

final as (
    select
        model,
        conversion_month,
        channel,
        campaign,
        conversions,
        net_amount_cny
    from {{ source('analyses', 'attribution') }}
)

select * from final
