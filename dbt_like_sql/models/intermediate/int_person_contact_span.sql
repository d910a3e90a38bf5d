{{ config(materialized='table') }}

with

identifier as (
    select * from {{ ref('stg_touchpoints__identifier') }}
    where id_type in ('phone', 'email', 'wechat_openid', 'wecom_external_userid')
),

record_map as (
    select * from {{ ref('stg_identity__record_map') }}
),

record as (
    select * from {{ ref('stg_touchpoints__record') }}
),

golden_field as (
    select * from {{ ref('stg_identity__golden_field') }}
),

told as (
    select
        record_map.one_id,
        identifier.id_type,
        cast(
            timezone('{{ var("time_zone") }}', timezone('UTC', coalesce(record.occurred_at, record.first_seen_at))) as date
        ) as known_date,
        -- the last local day at whose end it still was theirs
        cast(timezone('{{ var("time_zone") }}', timezone('UTC', identifier.valid_to)) as date) - 1 as last_date
    from identifier
    inner join record_map
        on identifier.record_id = record_map.record_id
        and identifier.role = record_map.role
    left join record on identifier.record_id = record.record_id
),

first_told as (
    select one_id, id_type, min(known_date) as known_date
    from told
    group by one_id, id_type
),

-- phone and email: only the one that identity chose, since others may be a clerk's or a household's
chosen as (
    select
        golden_field.one_id,
        case golden_field.field when 'phone' then 'sms' else 'email' end as channel,
        coalesce(first_told.known_date, date '0001-01-01') as known_date,
        date '9999-12-31' as last_date
    from golden_field
    left join first_told
        on golden_field.one_id = first_told.one_id
        and golden_field.field = first_told.id_type
    where golden_field.field in ('phone', 'email') and coalesce(golden_field.value_hash, golden_field.value) is not null
),

accounts as (
    select
        one_id,
        case id_type when 'wechat_openid' then 'wechat_oa' else 'wecom' end as channel,
        coalesce(known_date, date '0001-01-01') as known_date,
        coalesce(last_date, date '9999-12-31') as last_date
    from told
    where id_type in ('wechat_openid', 'wecom_external_userid')
),

final as (
    select one_id, channel, known_date, last_date
    from chosen
    union
    select one_id, channel, known_date, last_date
    from accounts
)

select * from final
