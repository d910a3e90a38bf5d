{{ config(materialized='table') }}

with

ledger as (
    select * from {{ ref('ledger') }}
    where one_id is not null
),

record as (
    select * from {{ ref('stg_touchpoints__record') }}
),

entries as (
    select
        ledger.*,
        record.source,
        coalesce(record.account, '') as account,
        record.record_type
    from ledger
    inner join record on ledger.record_id = record.record_id
    where ledger.kind in ('points', 'stored_value') or (ledger.kind = 'coupon' and ledger.unit = 'coupons')
),

own_ledger as (
    select distinct order_key
    from entries
    where kind = 'stored_value' and record_type = 'stored_value' and order_key is not null
),

final as (
    select
        entry_id,
        one_id,
        kind,
        case when kind = 'stored_value' then coalesce(subtype, 'unspecified') else 'all' end as subtype,
        unit,
        source,
        account,
        -- a coupon is used up by its own number, all else by the order in which it was given
        case when kind = 'coupon' then coalesce(ref_no, '') else '' end as pool,
        amount,
        kind <> 'stored_value' and coalesce(subtype, '') = 'expired' as is_expiry,
        channel,
        entry_at,
        expires_at
    from entries
    -- the till's ticket tells again what the stored-value ledger tells of the same order
    where not (
        kind = 'stored_value'
        and record_type <> 'stored_value'
        and order_key is not null
        and order_key in (select order_key from own_ledger)
    )
)

select * from final
