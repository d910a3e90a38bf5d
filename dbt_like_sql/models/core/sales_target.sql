with

told as (
    select * from {{ ref('stg_touchpoints__sales_target') }}
),

final as (
    select
        target_id,
        period_start_date,
        coalesce(period_end_date, last_day(period_start_date)) as period_end_date,
        target_level,
        target_of,
        target_amount,
        target_orders,
        target_members,
        currency
    from told
)

select * from final
