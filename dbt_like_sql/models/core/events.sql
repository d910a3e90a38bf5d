with

as_of as (
    select * from {{ ref('int_as_of') }}
),

event as (
    select * from {{ ref('stg_touchpoints__event') }}
),

record_map as (
    select * from {{ ref('stg_identity__record_map') }}
),

people as (
    select * from {{ ref('int_record_people') }}
),

final as (
    select
        event.event_id,
        coalesce(record_map.one_id, people.one_id) as one_id,
        event.record_id,
        event.actor_role as role,
        event.type,
        event.subtype,
        event.at,
        cast(timezone('{{ var("time_zone") }}', timezone('UTC', event.at)) as date) as event_date,
        event.channel,
        event.store_id,
        event.order_key,
        event.campaign,
        event.value_num
    from event
    left join record_map
        on event.record_id = record_map.record_id
        and event.actor_role = record_map.role
    left join people on event.record_id = people.record_id
    where event.at < (select ends_at from as_of)
)

select * from final
