with

as_of as (
    select * from {{ ref('int_as_of') }}
),

entry as (
    select * from {{ ref('int_asset_entry') }}
),

lot as (
    select * from {{ ref('int_asset_lot') }}
),

summed as (
    select
        one_id,
        kind,
        subtype,
        unit,
        source,
        account,
        round(sum(amount), 2) as balance,
        round(coalesce(sum(amount) filter (where amount > 0), 0), 2) as earned,
        round(coalesce(-sum(amount) filter (where amount < 0 and not is_expiry), 0), 2) as spent,
        round(coalesce(-sum(amount) filter (where amount < 0 and is_expiry), 0), 2) as expired,
        count(*) as n_entries,
        max(entry_at) as last_entry_at,
        list(distinct channel order by channel) filter (where amount > 0 and channel is not null) as channels
    from entry
    group by one_id, kind, subtype, unit, source, account
),

waiting as (
    select
        lot.one_id,
        lot.kind,
        lot.subtype,
        lot.unit,
        lot.source,
        lot.account,
        sum(lot.left_amount) filter (where lot.is_lapsed) as lapsed,
        sum(lot.left_amount) filter (
            where not lot.is_lapsed and lot.expires_date <= as_of.as_of_date + 30
        ) as expiring_30d,
        sum(lot.left_amount) filter (
            where not lot.is_lapsed and lot.expires_date <= as_of.as_of_date + 90
        ) as expiring_90d,
        min(lot.expires_date) filter (where not lot.is_lapsed and lot.left_amount > 0) as next_expiry_date
    from lot
    cross join as_of
    group by lot.one_id, lot.kind, lot.subtype, lot.unit, lot.source, lot.account
),

final as (
    select
        summed.one_id,
        summed.kind,
        summed.subtype,
        summed.unit,
        summed.source,
        summed.account,
        summed.balance,
        summed.earned,
        summed.spent,
        summed.expired,
        round(coalesce(waiting.lapsed, 0), 2) as lapsed,
        round(coalesce(waiting.expiring_30d, 0), 2) as expiring_30d,
        round(coalesce(waiting.expiring_90d, 0), 2) as expiring_90d,
        waiting.next_expiry_date,
        summed.n_entries,
        summed.last_entry_at,
        coalesce(summed.channels, []) as channels
    from summed
    left join waiting
        on summed.one_id = waiting.one_id
        and summed.kind = waiting.kind
        and summed.subtype = waiting.subtype
        and summed.unit = waiting.unit
        and summed.source = waiting.source
        and summed.account = waiting.account
)

select * from final
