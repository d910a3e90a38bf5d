with

consent_identifier as (
    select * from {{ ref('int_consent_identifier') }}
),

identifier as (
    select * from {{ ref('stg_touchpoints__identifier') }}
),

consent as (
    select * from {{ ref('stg_touchpoints__consent') }}
),

record_map as (
    select * from {{ ref('stg_identity__record_map') }}
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
