with

final as (
    select
        balance_id,
        record_id,
        role,
        source,
        account,
        kind,
        subtype,
        unit,
        amount,
        "at" as balance_at,
        ledger_sources,
        is_from_zero
    from {{ source('touchpoints', 'balance') }}
)

select * from final
