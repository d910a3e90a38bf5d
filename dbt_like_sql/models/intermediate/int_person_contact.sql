{{ config(materialized='table') }}

with

identifier as (
    select * from {{ ref('stg_touchpoints__identifier') }}
),

record_map as (
    select * from {{ ref('stg_identity__record_map') }}
),

golden_field as (
    select * from {{ ref('stg_identity__golden_field') }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

-- phone and email: only the one that identity chose, since others may be a clerk's or a household's
chosen as (
    select
        one_id,
        case field when 'phone' then 'sms' else 'email' end as channel
    from golden_field
    where field in ('phone', 'email') and coalesce(value_hash, value) is not null
),

accounts as (
    select
        record_map.one_id,
        case identifier.id_type when 'wechat_openid' then 'wechat_oa' else 'wecom' end as channel
    from identifier
    inner join record_map
        on identifier.record_id = record_map.record_id
        and identifier.role = record_map.role
    where
        identifier.id_type in ('wechat_openid', 'wecom_external_userid')
        and (identifier.valid_to is null or identifier.valid_to >= (select ends_at from as_of))
),

final as (
    select one_id, channel
    from chosen
    union
    select one_id, channel
    from accounts
)

select * from final
