with

as_of as (
    select * from {{ ref('int_as_of') }}
),

ledger as (
    select * from {{ ref('stg_touchpoints__ledger') }}
),

record_map as (
    select * from {{ ref('stg_identity__record_map') }}
),

people as (
    select * from {{ ref('int_record_people') }}
),

final as (
    select
        ledger.entry_id,
        coalesce(record_map.one_id, people.one_id) as one_id,
        ledger.record_id,
        ledger.role,
        ledger.kind,
        ledger.amount,
        ledger.unit,
        ledger.at,
        cast(timezone('{{ var("time_zone") }}', timezone('UTC', ledger.at)) as date) as entry_date,
        ledger.at_precision,
        ledger.order_key,
        ledger.ref_no
    from ledger
    left join record_map
        on ledger.record_id = record_map.record_id
        and ledger.role = record_map.role
    left join people on ledger.record_id = people.record_id
    -- an entry without a time is in the file, so it has happened
    where ledger.at is null or ledger.at < (select ends_at from as_of)
)

select * from final
