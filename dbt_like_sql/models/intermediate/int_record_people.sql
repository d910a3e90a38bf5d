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
        min(one_id) filter (where role not in ('referrer', 'agent')) as other_one_id
    from record_map
    group by record_id
),

final as (
    select
        record_id,
        buyer_one_id,
        receiver_one_id,
        coalesce(buyer_one_id, member_one_id, receiver_one_id, other_one_id) as one_id
    from by_role
)

select * from final
