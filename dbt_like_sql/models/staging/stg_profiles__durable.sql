with

final as (
    select
        one_id,
        category,
        last_purchase_date
    from {{ source('profiles', 'durable') }}
)

select * from final
