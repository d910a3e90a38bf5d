with

final as (
    select
        record_id as spend_id,
        spend_date,
        platform,
        account,
        campaign_code,
        campaign_name,
        group_code,
        group_name,
        ad_code,
        ad_name,
        cost_amount,
        currency,
        n_impressions,
        n_clicks,
        n_leads,
        n_conversions,
        conversion_amount,
        source,
        version_at as told_at
    from {{ source('touchpoints', 'ad_spend') }}
)

select * from final
