with

as_of as (
    select * from {{ ref('int_as_of') }}
),

record_map as (
    select * from {{ ref('stg_identity__record_map') }}
),

record as (
    select * from {{ ref('stg_touchpoints__record') }}
),

attribute as (
    select * from {{ ref('stg_touchpoints__attribute') }}
    where attribute in ('level', 'points_balance', 'stored_value_balance')
),

parties as (
    select
        record_map.one_id,
        record_map.record_id,
        record_map.role,
        record_map.source,
        record_map.record_type,
        coalesce(record.occurred_at, record.first_seen_at) as first_at,
        coalesce(record.occurred_at, record.version_at) as last_at
    from record_map
    inner join record on record_map.record_id = record.record_id
),

memberships as (
    select
        parties.one_id,
        arg_max(attribute.value, (attribute.seen_at, attribute.value)) filter (
            where attribute.attribute = 'level'
        ) as member_level,
        round(sum(attribute.value_num) filter (where attribute.attribute = 'points_balance'), 2) as points_balance,
        round(
            sum(attribute.value_num) filter (where attribute.attribute = 'stored_value_balance'), 2
        ) as stored_value_balance
    from attribute
    inner join parties
        on attribute.record_id = parties.record_id
        and attribute.role = parties.role
    group by parties.one_id
),

by_source as (
    select
        one_id,
        source,
        min(first_at) as first_seen_at,
        max(last_at) filter (where last_at < (select ends_at from as_of)) as last_seen_at,
        min(first_at) filter (
            where role = 'member' and record_type = 'customer' and source in ('pos', 'youzan')
        ) as member_since_at,
        count(*) filter (where record_type = 'ticket' and role = 'contact') as n_tickets,
        max(last_at) filter (where record_type = 'ticket') as last_ticket_at
    from parties
    where first_at < (select ends_at from as_of)
    group by one_id, source
),

seen as (
    select
        one_id,
        list(source order by source) as sources,
        count(*) as n_sources,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        count(member_since_at) > 0 as is_member,
        min(member_since_at) as member_since_at,
        arg_min(source, (member_since_at, source)) filter (where member_since_at is not null) as member_source,
        cast(sum(n_tickets) as bigint) as n_tickets,
        max(last_ticket_at) as last_ticket_at
    from by_source
    group by one_id
),

final as (
    select
        seen.*,
        memberships.member_level,
        memberships.points_balance,
        memberships.stored_value_balance
    from seen
    left join memberships on seen.one_id = memberships.one_id
)

select * from final
