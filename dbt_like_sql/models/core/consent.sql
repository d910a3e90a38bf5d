with

as_of as (
    select * from {{ ref('int_as_of') }}
),

consent as (
    select * from {{ ref('stg_touchpoints__consent') }}
),

identifier as (
    select * from {{ ref('int_consent_identifier') }}
),

record_map as (
    select * from {{ ref('stg_identity__record_map') }}
),

stated as (
    select distinct
        record_map.one_id,
        consent.record_id,
        consent.role,
        consent.id_type,
        identifier.identifier_key,
        consent.channel,
        consent.purpose,
        consent.state,
        consent.stated_at,
        consent.basis
    from consent
    inner join identifier
        on consent.id_value = identifier.id_value
        and consent.id_type = identifier.id_type
        and consent.id_scope is not distinct from identifier.id_scope
    left join record_map
        on consent.record_id = record_map.record_id
        and consent.role = record_map.role
    -- a refusal that is in the files counts even if it came after the as-of day: nobody who has said no is written to
    where
        consent.state = 'revoked'
        or consent.stated_at is null
        or consent.stated_at < (select ends_at from as_of)
),

final as (
    select
        md5(concat_ws('|', record_id, role, identifier_key, channel, purpose, state, stated_at, basis)) as consent_id,
        *
    from stated
)

select * from final
