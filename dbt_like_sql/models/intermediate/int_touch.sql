{{ config(materialized='table') }}

with

events as (
    select * from {{ ref('events') }}
),

alias as (
    select * from {{ ref('int_campaign_alias') }}
),

final as (
    select
        events.event_id as touch_id,
        events.one_id,
        events.event_at as touch_at,
        coalesce(events.channel, events.type) as channel,
        coalesce(alias.campaign_code, events.campaign) as campaign
    from events
    left join alias on events.campaign = alias.alias
    where
        events.one_id is not null
        and (
            events.type in (
                'message_clicked', 'message_replied', 'follow', 'subscribe', 'add_friend', 'scan', 'lead_created',
                'lead_followed', 'store_visit'
            )
            -- a visit is a touch where something is known to have led to it
            or (events.type in ('visit', 'first_visit') and events.campaign is not null)
        )
    -- what two files tell of one moment is one touch
    qualify row_number() over (
        partition by events.one_id, events.event_at, coalesce(events.channel, events.type)
        order by coalesce(alias.campaign_code, events.campaign) nulls last, events.event_id
    ) = 1
)

select * from final
