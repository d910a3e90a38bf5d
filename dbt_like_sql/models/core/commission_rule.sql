with

told as (
    select * from {{ ref('stg_touchpoints__commission_rule') }}
),

final as (
    select
        rule_id,
        rule_code,
        payee,
        payee_level,
        category,
        product_code,
        rate_base,
        rate,
        fixed_amount,
        min_amount,
        max_amount,
        valid_from_date,
        valid_to_date
    from told
)

select * from final
