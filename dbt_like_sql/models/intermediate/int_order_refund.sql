{{ config(materialized='table') }}

with

as_of as (
    select * from {{ ref('int_as_of') }}
),

ledger as (
    select * from {{ ref('ledger') }}
),

return_ticket as (
    select * from {{ ref('int_return_ticket') }}
),

-- Cents, so that what is refunded in parts adds up; the order says how much, the ledger when.
paid as (
    select
        orders.order_key,
        orders.ordered_date,
        orders.fx_rate,
        least(
            as_of.as_of_date,
            cast(
                timezone(
                    '{{ var("time_zone") }}',
                    timezone('UTC', coalesce(orders.closed_at, orders.completed_at, orders.ordered_at))
                ) as date
            )
        ) as settled_date,
        cast(round(orders.paid_amount_cny * 100) as bigint) as paid_cents,
        cast(round(orders.paid_amount_cny * 100) as bigint) - cast(round(orders.net_amount_cny * 100) as bigint) as refunded_cents
    from {{ ref('orders') }} as orders
    cross join as_of
    where orders.is_paid and orders.net_amount_cny is not null
),

told as (
    select
        paid.order_key,
        greatest(ledger.entry_date, paid.ordered_date) as refund_date,
        cast(round(sum(-ledger.amount) * any_value(paid.fx_rate) * 100) as bigint) as told_cents
    from ledger
    inner join paid on ledger.order_key = paid.order_key
    where
        ledger.kind = 'refund'
        and not ledger.is_settlement
        and ledger.entry_date is not null
        and paid.refunded_cents > 0
    group by paid.order_key, greatest(ledger.entry_date, paid.ordered_date)
),

running as (
    select
        told.order_key,
        told.refund_date,
        told.told_cents,
        paid.refunded_cents,
        sum(told.told_cents) over (partition by told.order_key order by told.refund_date) as running_cents
    from told
    inner join paid on told.order_key = paid.order_key
),

-- What the ledger tells beyond the order's own figure is the same money told twice.
dated as (
    select
        order_key,
        refund_date,
        least(running_cents, refunded_cents) - least(running_cents - told_cents, refunded_cents) as refund_cents
    from running
),

covered as (
    select
        order_key,
        sum(refund_cents) as covered_cents,
        max(refund_date) as last_date
    from dated
    group by order_key
),

-- What the ledger does not date: with the last refund that it does, else when the order was settled.
undated as (
    select
        paid.order_key,
        greatest(coalesce(covered.last_date, paid.settled_date), paid.ordered_date) as refund_date,
        paid.refunded_cents - coalesce(covered.covered_cents, 0) as refund_cents
    from paid
    left join covered on paid.order_key = covered.order_key
    where paid.refunded_cents > coalesce(covered.covered_cents, 0)
),

returned as (
    select
        order_key,
        return_date as refund_date,
        cast(round(sum(return_amount_cny) * 100) as bigint) as refund_cents
    from return_ticket
    group by order_key, return_date
),

together as (
    select
        order_key,
        refund_date,
        cast(sum(refund_cents) as bigint) as refund_cents
    from (
        select * from dated
        union all
        select * from undated
        union all
        select * from returned
    ) as found
    where refund_cents > 0
    group by order_key, refund_date
),

-- never more than was paid, whatever the tickets say
capped as (
    select
        together.order_key,
        together.refund_date,
        paid.paid_cents,
        least(
            paid.paid_cents,
            cast(sum(together.refund_cents) over (partition by together.order_key order by together.refund_date) as bigint)
        ) as given_back_cents
    from together
    inner join paid on together.order_key = paid.order_key
),

final as (
    select
        order_key,
        cast(row_number() over (partition by order_key order by refund_date) as bigint) as refund_no,
        refund_date,
        paid_cents,
        given_back_cents
    from capped
)

select * from final
