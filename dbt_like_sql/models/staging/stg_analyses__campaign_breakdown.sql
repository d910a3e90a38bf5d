with

final as (
    select
        campaign_code,
        breakdown,
        breakdown_value,
        n_compared,
        n_holdout,
        n_converted,
        n_holdout_converted,
        conversion_rate,
        holdout_conversion_rate,
        conversion_uplift,
        conversion_uplift_low,
        conversion_uplift_high,
        net_per_head_cny,
        holdout_net_per_head_cny,
        net_uplift_per_head_cny,
        net_uplift_per_head_low_cny,
        net_uplift_per_head_high_cny,
        incremental_conversions,
        incremental_conversions_low,
        incremental_conversions_high,
        incremental_net_cny,
        incremental_net_low_cny,
        incremental_net_high_cny,
        roi,
        conversion_verdict,
        verdict,
        confidence
    from {{ source('analyses', 'campaign_breakdown') }}
)

select * from final
