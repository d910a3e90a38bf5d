with

final as (
    select
        record_id as rule_id,
        rule_code,
        payee,
        "level" as payee_level,
        category,
        product_code,
        "base" as rate_base,
        rate,
        fixed_amount,
        min_amount,
        max_amount,
        valid_from as valid_from_date,
        valid_to as valid_to_date,
        source,
        account,
        version_at as told_at
    from {{ source('touchpoints', 'commission_rule') }}
)

select * from final
