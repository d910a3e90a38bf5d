with

staff as (
    select * from {{ ref('staff') }}
),

named as (
    select staff_code as alias, staff_code from staff
    union
    select wecom_userid as alias, staff_code from staff
    union
    select name_key as alias, staff_code from staff
),

final as (
    select
        alias,
        any_value(staff_code) as staff_code
    from named
    where alias is not null
    group by alias
    -- two employees of one name cannot be told apart by it
    having count(distinct staff_code) = 1
)

select * from final
