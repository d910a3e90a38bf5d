with

final as (
    select
        entry_id,
        record_id,
        kind,
        amount,
        unit,
        "at" as entry_at,
        at_precision as entry_at_precision,
        order_key,
        role,
        ref_no,
        subtype,
        channel,
        expires_at,
        balance_after
    from {{ source('touchpoints', 'ledger') }}
)

select * from final
