{{ config(materialized='table') }}

with

consent as (
    select * from {{ ref('stg_touchpoints__consent') }}
),

first_mention as (
    select
        id_type,
        id_scope,
        id_value,
        arg_min(record_id, (coalesce(stated_at, timestamp '9999-12-31'), record_id)) as anchor_record_id
    from consent
    group by all
),

numbered as (
    select
        *,
        row_number() over (partition by anchor_record_id, id_type, id_scope order by id_value) as position
    from first_mention
),

-- Made from where the identifier stands, never from its value: a hash of a phone number could be reversed by trying them all.
final as (
    select
        id_type,
        id_scope,
        id_value,
        md5(concat_ws('|', anchor_record_id, id_type, id_scope, position)) as identifier_key
    from numbered
)

select * from final
