with

store as (
    select * from {{ ref('store') }}
),

named as (
    select store_code as alias, store_code from store
    union
    select store_name as alias, store_code from store
),

final as (
    select
        alias,
        any_value(store_code) as store_code
    from named
    where alias is not null
    group by alias
    -- two stores of one name cannot be told apart by it
    having count(distinct store_code) = 1
)

select * from final
