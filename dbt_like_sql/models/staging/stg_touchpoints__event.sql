with

final as (
    select
        event_id,
        record_id,
        type,
        subtype,
        "at" as event_at,
        channel,
        store_id,
        order_key,
        campaign,
        actor_role,
        value_num,
        staff_code,
        partner_code,
        product_code,
        ref_no,
        told_one_id
    from {{ source('touchpoints', 'event') }}
)

select * from final
