{{ config(materialized='table') }}

with

record_map as (
    select * from {{ ref('stg_identity__record_map') }}
),

by_role as (
    select
        record_id,
        min(one_id) filter (where role = 'buyer') as buyer_one_id,
        min(one_id) filter (where role = 'member') as member_one_id,
        min(one_id) filter (where role = 'receiver') as receiver_one_id,
        min(one_id) filter (where role = 'payer') as payer_one_id,
        min(one_id) filter (where role = 'contact') as contact_one_id,
        min(one_id) filter (where role = 'lead') as lead_one_id,
        min(one_id) filter (where role = 'referrer') as referrer_one_id,
        min(one_id) filter (where role = 'agent') as agent_one_id
    from record_map
    group by record_id
),

final as (
    select
        *,
        coalesce(buyer_one_id, member_one_id, receiver_one_id, payer_one_id, contact_one_id, lead_one_id) as one_id
    from by_role
)

select * from final
