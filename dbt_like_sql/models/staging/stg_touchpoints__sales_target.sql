with

final as (
    select
        record_id as target_id,
        period_start_date,
        period_end_date,
        "level" as target_level,
        target_of,
        target_amount,
        target_orders,
        target_members,
        currency,
        source,
        account,
        version_at as told_at
    from {{ source('touchpoints', 'sales_target') }}
)

select * from final
