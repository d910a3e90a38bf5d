with

final as (
    select
        record_id,
        role,
        name as attribute,
        value,
        value_num,
        value_date,
        seen_at
    from {{ source('touchpoints', 'attribute') }}
)

select * from final
