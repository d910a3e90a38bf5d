with

final as (
    select
        category,
        median_years
    from {{ source('profiles', 'durable_life') }}
)

select * from final
