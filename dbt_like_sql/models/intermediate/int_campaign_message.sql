{{ config(materialized='table') }}

with

events as (
    select * from {{ ref('events') }}
    where type like 'message_%' and campaign is not null and one_id is not null
),

alias as (
    select * from {{ ref('int_campaign_alias') }}
),

final as (
    select
        coalesce(alias.campaign_code, events.campaign) as campaign_code,
        events.one_id,
        min(events.event_at) filter (where events.type = 'message_sent') as first_sent_at,
        arg_min(events.channel, (events.event_at, events.event_id)) filter (where events.type = 'message_sent') as channel,
        bool_or(events.type = 'message_sent') as is_sent,
        bool_or(events.type in ('message_delivered', 'message_opened', 'message_clicked', 'message_replied')) as is_delivered,
        bool_or(events.type in ('message_failed', 'message_bounced')) as is_failed,
        bool_or(events.type in ('message_opened', 'message_clicked')) as is_opened,
        bool_or(events.type = 'message_clicked') as is_clicked
    from events
    left join alias on events.campaign = alias.alias
    group by 1, events.one_id
)

select * from final
