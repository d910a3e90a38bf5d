with

final as (
    select
        record_id,
        campaign_code,
        "name" as campaign_name,
        kind as campaign_kind,
        channel,
        status,
        start_date,
        end_date,
        budget_amount,
        cost_amount,
        currency,
        owner_code,
        source,
        account,
        version_at as told_at
    from {{ source('touchpoints', 'campaign') }}
)

select * from final
