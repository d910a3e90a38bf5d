with

final as (
    select
        business_id,
        record_id,
        role,
        kind,
        key_type,
        name as business_name,
        name_key,
        order_key,
        told_at
    from {{ source('touchpoints', 'business_account') }}
)

select * from final
