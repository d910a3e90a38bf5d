with

as_of as (
    select * from {{ ref('int_as_of') }}
),

counted as (
    select
        *,
        cost_cny / nullif(sum(cost_cny) over (partition by campaign_code, breakdown), 0) as cost_share
    from {{ ref('int_campaign_breakdown') }}
    where not is_holdout
),

effect as (
    select * from {{ ref('stg_analyses__campaign_breakdown') }}
),

campaign as (
    select * from {{ ref('campaign') }}
),

store as (
    select * from {{ ref('store') }}
),

final as (
    select
        counted.campaign_code,
        campaign.campaign_name,
        counted.breakdown,
        counted.breakdown_value,
        store.store_name,
        counted.last_assigned_at + interval {{ var('campaign_window_days') }} day <= as_of.ends_at as is_window_complete,
        counted.n_assigned as n_people,
        counted.n_sent,
        counted.n_delivered,
        counted.n_opened,
        counted.n_clicked,
        counted.n_ordered,
        counted.n_orders,
        counted.n_returned_orders,
        counted.net_amount_cny,
        counted.cost_cny,
        round(counted.cost_share, 6) as cost_share,
        effect.n_compared,
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
        effect.incremental_conversions,
        effect.incremental_conversions_low,
        effect.incremental_conversions_high,
        effect.incremental_net_cny,
        effect.incremental_net_low_cny,
        effect.incremental_net_high_cny,
        effect.roi,
        effect.conversion_verdict,
        effect.verdict,
        effect.confidence
    from counted
    inner join effect
        on counted.campaign_code = effect.campaign_code
        and counted.breakdown = effect.breakdown
        and counted.breakdown_value = effect.breakdown_value
    cross join as_of
    left join campaign on counted.campaign_code = campaign.campaign_code
    left join store on counted.breakdown = 'store' and counted.breakdown_value = store.store_code
)

select * from final
