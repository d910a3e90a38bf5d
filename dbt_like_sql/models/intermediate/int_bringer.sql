{{ config(materialized='table') }}

with

events as (
    select * from {{ ref('events') }}
),

people as (
    select * from {{ ref('int_record_people') }}
),

-- Serving somebody who came by themselves brings nobody: visits, scans and tickets do not count.
met as (
    select
        one_id,
        event_id,
        event_at,
        event_date,
        type,
        staff_code,
        partner_code
    from events
    where one_id is not null and type in ('lead_created', 'follow', 'add_friend', 'subscribe', 'sign_up', 'member_joined')
),

-- Whom a record is about was referred by whom it names as referrer; a file may tell the second and third level too,
-- which follow from the first.
referred as (
    select
        people.one_id,
        people.referrer_one_id,
        events.event_id,
        events.event_at,
        events.event_date
    from events
    inner join people on events.record_id = people.record_id
    where
        events.type = 'referral'
        and coalesce(events.subtype, '1') = '1'
        and people.one_id <> people.referrer_one_id
),

told as (
    select one_id, 'staff' as payee, staff_code as payee_id, type, event_at, event_date, event_id
    from met
    where staff_code is not null
    union all
    select one_id, 'partner' as payee, partner_code as payee_id, type, event_at, event_date, event_id
    from met
    where partner_code is not null
    union all
    select one_id, 'referrer' as payee, referrer_one_id as payee_id, 'referral' as type, event_at, event_date, event_id
    from referred
),

final as (
    select
        one_id,
        payee,
        payee_id,
        type as brought_by_event,
        event_at as brought_at,
        event_date as brought_date
    from told
    -- who came first brought them
    qualify row_number() over (partition by one_id, payee order by event_at, event_id, payee_id) = 1
)

select * from final
