with

as_of as (
    select * from {{ ref('int_as_of') }}
),

balance as (
    select * from {{ ref('stg_touchpoints__balance') }}
),

record_map as (
    select * from {{ ref('stg_identity__record_map') }}
),

final as (
    select
        balance.balance_id,
        record_map.one_id,
        balance.record_id,
        balance.role,
        balance.source,
        balance.account,
        balance.kind,
        balance.subtype,
        balance.unit,
        balance.amount,
        balance.balance_at,
        row_number() over newest = 1 as is_current,
        balance.ledger_sources,
        balance.is_from_zero
    from balance
    left join record_map on balance.record_id = record_map.record_id and balance.role = record_map.role
    where balance.balance_at < (select ends_at from as_of)
    window newest as (
        partition by balance.record_id, balance.kind, balance.subtype, balance.unit
        order by balance.balance_at desc, balance.balance_id
    )
)

select * from final
