with

as_of as (
    select * from {{ ref('int_as_of') }}
),

event as (
    select * from {{ ref('stg_touchpoints__event') }}
),

people as (
    select * from {{ ref('int_record_people') }}
),

device_owner as (
    select * from {{ ref('stg_identity__event_owner') }}
),

staff as (
    select * from {{ ref('int_staff_alias') }}
),

store as (
    select * from {{ ref('int_store_alias') }}
),

told as (
    select
        one_id as told_one_id,
        coalesce(merged_into, one_id) as one_id
    from {{ ref('stg_identity__one_id') }}
    where status in ('active', 'merged')
),

final as (
    select
        event.event_id,
        -- who a campaign's result names is meant, though their number be two people's
        -- an order's buyer whom nobody knows is its receiver: the same rule as in core.orders
        coalesce(
            told.one_id,
            case coalesce(event.actor_role, 'buyer')
                when 'buyer' then coalesce(people.buyer_one_id, people.one_id)
                when 'member' then coalesce(people.member_one_id, people.one_id)
                when 'receiver' then people.receiver_one_id
                when 'payer' then people.payer_one_id
                when 'contact' then people.contact_one_id
                when 'lead' then people.lead_one_id
                when 'referrer' then people.referrer_one_id
                when 'agent' then people.agent_one_id
            end,
            device_owner.one_id
        ) as one_id,
        event.record_id,
        event.actor_role as role,
        event.type,
        event.subtype,
        event.event_at,
        cast(timezone('{{ var("time_zone") }}', timezone('UTC', event.event_at)) as date) as event_date,
        event.channel,
        event.store_id,
        event.order_key,
        event.campaign,
        event.value_num,
        device_owner.basis as device_basis,
        coalesce(staff.staff_code, event.staff_code) as staff_code,
        event.partner_code,
        event.product_code,
        event.ref_no,
        coalesce(store.store_code, event.store_id) as store_code
    from event
    left join people on event.record_id = people.record_id
    left join told on event.told_one_id = told.told_one_id
    left join device_owner on event.event_id = device_owner.event_id
    left join staff on event.staff_code = staff.alias
    left join store on event.store_id = store.alias
    where event.event_at < (select ends_at from as_of)
    -- together by type and day: a question about one type reads little of the table
    order by event.type, event_date, event.event_id
)

select * from final
