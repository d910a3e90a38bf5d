with

balance as (
    select * from {{ ref('balance') }}
),

ledger as (
    select * from {{ ref('ledger') }}
),

record as (
    select * from {{ ref('stg_touchpoints__record') }}
),

-- principal and gift are one sum here: entries do not always tell them apart
snapshot as (
    select
        one_id,
        record_id,
        source,
        account,
        kind,
        unit,
        balance_at,
        any_value(ledger_sources) as ledger_sources,
        bool_and(is_from_zero) as is_from_zero,
        sum(amount) as amount
    from balance
    where one_id is not null
    group by one_id, record_id, source, account, kind, unit, balance_at
),

-- whoever has two cards has one ledger: which entry changed which card nobody tells
alone as (
    select one_id, kind, unit, ledger_sources
    from snapshot
    group by one_id, kind, unit, ledger_sources
    having count(distinct record_id) = 1
),

paired as (
    select
        snapshot.*,
        lag(snapshot.amount) over earlier as before_amount,
        lag(snapshot.balance_at) over earlier as before_at
    from snapshot
    semi join alone using (one_id, kind, unit, ledger_sources)
    window earlier as (
        partition by snapshot.record_id, snapshot.kind, snapshot.unit
        order by snapshot.balance_at
    )
),

spans as (
    select
        one_id,
        record_id,
        source,
        account,
        kind,
        unit,
        ledger_sources,
        before_at as from_at,
        balance_at as to_at,
        amount - coalesce(before_amount, 0.0) as told_change
    from paired
    where before_at is not null or is_from_zero
),

entries as (
    select
        ledger.one_id,
        ledger.kind,
        ledger.unit,
        ledger.amount,
        ledger.entry_at,
        record.source
    from ledger
    inner join record on ledger.record_id = record.record_id
    where ledger.kind in ('points', 'stored_value') and ledger.entry_at is not null
),

-- a ledger that begins after the span does not tell of it
known as (
    select
        spans.ledger_sources,
        spans.kind,
        spans.unit,
        min(entries.entry_at) as first_at
    from (select distinct ledger_sources, kind, unit from spans) as spans
    inner join entries
        on spans.kind = entries.kind
        and spans.unit = entries.unit
        and list_contains(string_split(spans.ledger_sources, ','), entries.source)
    group by spans.ledger_sources, spans.kind, spans.unit
),

changed as (
    select
        spans.record_id,
        spans.kind,
        spans.unit,
        spans.to_at,
        sum(entries.amount) as ledger_change
    from spans
    inner join entries
        on spans.one_id = entries.one_id
        and spans.kind = entries.kind
        and spans.unit = entries.unit
        and list_contains(string_split(spans.ledger_sources, ','), entries.source)
        and entries.entry_at <= spans.to_at
        and (spans.from_at is null or entries.entry_at > spans.from_at)
    group by spans.record_id, spans.kind, spans.unit, spans.to_at
),

final as (
    select
        md5(concat_ws('|', spans.record_id, spans.kind, spans.unit, spans.to_at)) as alert_id,
        spans.one_id,
        spans.source,
        spans.account,
        spans.kind,
        spans.unit,
        spans.from_at,
        spans.to_at,
        spans.told_change,
        coalesce(changed.ledger_change, 0.0) as ledger_change,
        spans.told_change - coalesce(changed.ledger_change, 0.0) as difference
    from spans
    inner join known
        on spans.ledger_sources = known.ledger_sources
        and spans.kind = known.kind
        and spans.unit = known.unit
        and (spans.from_at is null or known.first_at <= spans.from_at)
    left join changed
        on spans.record_id = changed.record_id
        and spans.kind = changed.kind
        and spans.unit = changed.unit
        and spans.to_at = changed.to_at
    where abs(spans.told_change - coalesce(changed.ledger_change, 0.0)) > 0.005
)

select * from final
