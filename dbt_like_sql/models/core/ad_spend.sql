with

as_of as (
    select * from {{ ref('int_as_of') }}
),

told as (
    select * from {{ ref('stg_touchpoints__ad_spend') }}
),

final as (
    select
        spend_id,
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
        conversion_amount
    from told
    where spend_date <= (select as_of_date from as_of)
)

select * from final
