-- What people have adds up to what the ledger has of people, to the cent: merged OneIDs lose nothing and gain nothing.
with told as (
    select ledger.kind, ledger.unit, sum(cast(ledger.amount as decimal(18, 4))) as amount
    from {{ ref('ledger') }} as ledger
    inner join {{ ref('stg_touchpoints__record') }} as record on ledger.record_id = record.record_id
    where
        ledger.one_id is not null
        and (ledger.kind in ('points', 'stored_value') or (ledger.kind = 'coupon' and ledger.unit = 'coupons'))
        -- a till's ticket tells again what the stored-value ledger tells of the same order
        and (
            ledger.kind <> 'stored_value' or record.record_type = 'stored_value' or ledger.order_key is null
            or ledger.order_key not in (
                select own.order_key
                from {{ ref('ledger') }} as own
                inner join {{ ref('stg_touchpoints__record') }} as own_record on own.record_id = own_record.record_id
                where own.order_key is not null and own.kind = 'stored_value' and own.one_id is not null
                    and own_record.record_type = 'stored_value'
            )
        )
    group by ledger.kind, ledger.unit
),

owned as (
    select kind, unit, sum(cast(balance as decimal(18, 4))) as amount, sum(earned - spent - expired) as moved
    from {{ ref('member_asset') }}
    group by kind, unit
)

select *
from told
full join owned on told.kind = owned.kind and told.unit = owned.unit
where abs(coalesce(told.amount, 0) - coalesce(owned.amount, 0)) >= 0.005
    or abs(coalesce(owned.amount, 0) - coalesce(owned.moved, 0)) >= 0.005
