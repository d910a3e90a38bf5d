with

effect as (
    select * from {{ ref('stg_analyses__campaign_effect') }}
),

campaign as (
    select * from {{ ref('campaign') }}
),

final as (
    select
        effect.campaign_code,
        campaign.campaign_name,
        effect.arm,
        effect.is_window_complete,
        effect.n_people,
        effect.n_holdout,
        effect.n_converted,
        effect.n_holdout_converted,
        effect.conversion_rate,
        effect.holdout_conversion_rate,
        effect.conversion_uplift,
        effect.conversion_uplift_low,
        effect.conversion_uplift_high,
        effect.net_per_head_cny,
        effect.holdout_net_per_head_cny,
        effect.net_uplift_per_head_cny,
        effect.net_uplift_per_head_low_cny,
        effect.net_uplift_per_head_high_cny,
        effect.variance_left_share,
        effect.incremental_conversions,
        effect.incremental_conversions_low,
        effect.incremental_conversions_high,
        effect.incremental_net_cny,
        effect.incremental_net_low_cny,
        effect.incremental_net_high_cny,
        effect.incremental_margin_cny,
        effect.incremental_margin_low_cny,
        effect.incremental_margin_high_cny,
        effect.cost_cny,
        effect.roi,
        effect.roi_low,
        effect.roi_high,
        effect.conversion_verdict,
        effect.verdict,
        effect.confidence,
        effect.gross_margin
    from effect
    left join campaign on effect.campaign_code = campaign.campaign_code
)

select * from final
