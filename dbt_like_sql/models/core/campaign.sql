with

told as (
    select * from {{ ref('stg_touchpoints__campaign') }}
),

final as (
    select
        campaign_code,
        campaign_name,
        campaign_kind,
        channel,
        status,
        start_date,
        end_date,
        budget_amount,
        cost_amount,
        currency,
        owner_code
    from told
    -- of several lists that name it the newest counts
    qualify row_number() over (
        partition by campaign_code order by told_at desc, record_id
    ) = 1
)

select * from final
