with __dbt__cte__int_consent_holder as (
with

consent_identifier as (
    select * from lake.intermediate.int_consent_identifier
),

identifier as (
    select * from lake.staging.stg_touchpoints__identifier
),

consent as (
    select * from lake.staging.stg_touchpoints__consent
),

record_map as (
    select * from lake.staging.stg_identity__record_map
),

mentions as (
    select record_id, role, id_type, id_scope, id_value
    from identifier
    union all
    select record_id, role, id_type, id_scope, id_value
    from consent
),

final as (
    select distinct
        consent_identifier.identifier_key,
        record_map.one_id
    from consent_identifier
    inner join mentions
        on consent_identifier.id_value = mentions.id_value
        and consent_identifier.id_type = mentions.id_type
        and consent_identifier.id_scope is not distinct from mentions.id_scope
    inner join record_map
        on mentions.record_id = record_map.record_id
        and mentions.role = record_map.role
)

select * from final
),

consent as (
    select * from core.consent
),

holder as (
    select * from __dbt__cte__int_consent_holder
),

-- What holds for an identifier now: its latest statement. A refusal without a time counts as the latest, a permission
-- without a time as the oldest, and of two at one moment the refusal wins.
latest as (
    select
        identifier_key,
        channel,
        purpose,
        state,
        stated_at,
        basis
    from consent
    qualify row_number() over (
        partition by identifier_key, channel, purpose
        order by
            coalesce(stated_at, case state when 'revoked' then timestamp '9999-12-31' else timestamp '0001-01-01' end) desc,
            state = 'revoked' desc,
            basis
    ) = 1
),

-- An identifier speaks for everyone who holds it: nobody is written to on a number that asked for peace.
final as (
    select
        holder.one_id,
        latest.channel,
        latest.purpose,
        latest.state,
        latest.stated_at,
        latest.basis,
        count(*) over person_channel as n_identifiers,
        count(*) filter (where latest.state = 'granted') over person_channel as n_granted
    from latest
    inner join holder on latest.identifier_key = holder.identifier_key
    window person_channel as (partition by holder.one_id, latest.channel, latest.purpose)
    qualify row_number() over (
        partition by holder.one_id, latest.channel, latest.purpose
        order by latest.state = 'revoked' desc, latest.stated_at desc nulls first, latest.basis
    ) = 1
    order by holder.one_id, latest.channel, latest.purpose
)

select * from final
