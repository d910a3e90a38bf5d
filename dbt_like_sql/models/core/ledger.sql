with

as_of as (
    select * from {{ ref('int_as_of') }}
),

ledger as (
    select * from {{ ref('stg_touchpoints__ledger') }}
),

people as (
    select * from {{ ref('int_record_people') }}
),

record as (
    select * from {{ ref('stg_touchpoints__record') }}
),

final as (
    select
        ledger.entry_id,
        -- an order's buyer whom nobody knows is its receiver: the same rule as in core.orders
        case coalesce(ledger.role, 'buyer')
            when 'buyer' then coalesce(people.buyer_one_id, people.one_id)
            when 'member' then coalesce(people.member_one_id, people.one_id)
            when 'receiver' then people.receiver_one_id
            when 'payer' then people.payer_one_id
            when 'contact' then people.contact_one_id
            when 'lead' then people.lead_one_id
            when 'referrer' then people.referrer_one_id
            when 'agent' then people.agent_one_id
        end as one_id,
        ledger.record_id,
        ledger.role,
        ledger.kind,
        ledger.amount,
        ledger.unit,
        ledger.entry_at,
        cast(timezone('{{ var("time_zone") }}', timezone('UTC', ledger.entry_at)) as date) as entry_date,
        ledger.entry_at_precision,
        ledger.order_key,
        ledger.ref_no,
        -- the provider's bill tells again what the order itself says was paid: leave one of the two out of a sum
        record.record_type = 'payment' and ledger.order_key is not null as is_settlement,
        ledger.subtype,
        ledger.channel,
        ledger.expires_at,
        ledger.balance_after
    from ledger
    left join record on ledger.record_id = record.record_id
    left join people on ledger.record_id = people.record_id
    -- an entry without a time is in the file, so it has happened
    where ledger.entry_at is null or ledger.entry_at < (select ends_at from as_of)
)

select * from final
