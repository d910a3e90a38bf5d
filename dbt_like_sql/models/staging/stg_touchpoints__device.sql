with

final as (
    select
        device_id,
        record_id,
        role,
        told_by,
        told_at,
        model,
        order_key,
        bought_at,
        installed_at,
        repaired_at,
        warranty_until as warranty_until_date
    from {{ source('touchpoints', 'device') }}
)

select * from final
