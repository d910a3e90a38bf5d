{{ config(materialized='table') }}

with

events as (
    select * from {{ ref('events') }}
    where type in (
        'visit', 'store_visit', 'follow', 'add_friend', 'subscribe', 'member_joined', 'lead_created', 'referral'
    )
),

staff as (
    select * from {{ ref('staff') }}
),

told as (
    select
        events.event_id,
        events.one_id,
        events.event_date,
        case
            when events.type in ('visit', 'store_visit') then 'visit'
            when events.type in ('follow', 'add_friend', 'subscribe') then 'follow'
            else events.type
        end as kind,
        coalesce(events.channel, 'unknown') as channel,
        coalesce(events.store_code, staff.store_code) as store_code,
        events.staff_code,
        events.partner_code
    from events
    left join staff on events.staff_code = staff.staff_code
    -- the second and third level of a referral are the first one's
    where events.type <> 'referral' or coalesce(events.subtype, '1') = '1'
),

of_unit as (
    select 'brand' as unit_kind, '-' as unit_code, kind, one_id, event_id, event_date from told
    union all
    select 'channel' as unit_kind, channel as unit_code, kind, one_id, event_id, event_date from told
    union all
    select 'store' as unit_kind, store_code as unit_code, kind, one_id, event_id, event_date from told
    where store_code is not null
    union all
    select 'staff' as unit_kind, staff_code as unit_code, kind, one_id, event_id, event_date from told
    where staff_code is not null
    union all
    select 'partner' as unit_kind, partner_code as unit_code, kind, one_id, event_id, event_date from told
    where partner_code is not null
),

-- whoever follows or joins again is not new; of nobody known each counts
final as (
    select
        unit_kind || '#' || unit_code || '#' || event_id as touch_id,
        unit_kind,
        unit_code,
        kind,
        event_date,
        kind in ('follow', 'member_joined') and one_id is not null and row_number() over (
            partition by unit_kind, unit_code, kind, one_id order by event_date, event_id
        ) > 1 as is_again
    from of_unit
)

select * from final
