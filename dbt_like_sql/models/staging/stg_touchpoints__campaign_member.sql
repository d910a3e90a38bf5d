with

final as (
    select
        record_id,
        campaign_code,
        told_one_id,
        arm,
        is_holdout,
        assigned_at,
        channel,
        unit_cost_amount,
        currency,
        store_code,
        staff_code,
        source,
        account,
        version_at as told_at
    from {{ source('touchpoints', 'campaign_member') }}
)

select * from final
