with

attribution as (
    select * from {{ ref('stg_analyses__attribution') }}
),

credit as (
    select * from {{ ref('int_attribution_credit') }}
),

campaign as (
    select * from {{ ref('campaign') }}
),

final as (
    select
        attribution.model,
        attribution.conversion_month,
        attribution.channel,
        attribution.campaign,
        campaign.campaign_name,
        coalesce(credit.n_touches, 0) as n_touches,
        attribution.conversions,
        attribution.net_amount_cny
    from attribution
    left join credit
        on attribution.conversion_month = credit.conversion_month
        and attribution.channel = credit.channel
        and attribution.campaign = credit.campaign
    left join campaign on attribution.campaign = campaign.campaign_code
)

select * from final
