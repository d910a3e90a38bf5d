with

final as (
    select
        one_id,
        category,
        last_purchase_date,
        status
    from {{ source('profiles', 'durable') }}
)

select * from final
