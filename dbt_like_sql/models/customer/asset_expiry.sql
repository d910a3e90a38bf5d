with

lot as (
    select * from {{ ref('int_asset_lot') }}
    where expires_date is not null and not is_lapsed and left_amount > 0
),

final as (
    select
        one_id,
        kind,
        subtype,
        unit,
        source,
        account,
        expires_date,
        round(sum(left_amount), 2) as amount
    from lot
    group by one_id, kind, subtype, unit, source, account, expires_date
)

select * from final
