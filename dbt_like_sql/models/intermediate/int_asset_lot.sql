{{ config(materialized='table') }}

with

as_of as (
    select * from {{ ref('int_as_of') }}
),

entry as (
    select * from {{ ref('int_asset_entry') }}
),

-- first in, first out: all that was ever taken away came from what was given first
queued as (
    select
        *,
        sum(greatest(amount, 0)) over so_far as given_amount,
        sum(greatest(-amount, 0)) over everything as taken_amount
    from entry
    window
        so_far as (
            partition by one_id, kind, subtype, unit, source, account, pool
            order by entry_at nulls first, entry_id
            rows between unbounded preceding and current row
        ),
        everything as (partition by one_id, kind, subtype, unit, source, account, pool)
),

final as (
    select
        queued.entry_id,
        queued.one_id,
        queued.kind,
        queued.subtype,
        queued.unit,
        queued.source,
        queued.account,
        queued.amount,
        round(greatest(least(queued.amount, queued.given_amount - queued.taken_amount), 0), 2) as left_amount,
        cast(timezone('{{ var("time_zone") }}', timezone('UTC', queued.expires_at)) as date) as expires_date,
        coalesce(queued.expires_at < as_of.ends_at, false) as is_lapsed
    from queued
    cross join as_of
    where queued.amount > 0
)

select * from final
