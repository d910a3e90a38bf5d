with

customer_360 as (
    select * from {{ ref('customer_360') }}
    where is_member
),

seen as (
    select * from {{ ref('int_person_seen') }}
),

-- every member once: the first source that made them one
final as (
    select
        coalesce(customer_360.province_code, 'unknown') as province_code,
        any_value(customer_360.province) as province,
        coalesce(customer_360.age_band, 'unknown') as age_band,
        coalesce(customer_360.gender, 'unknown') as gender,
        coalesce(customer_360.member_level, 'unknown') as member_level,
        coalesce(seen.member_source, 'unknown') as member_source,
        count(*) as n_members,
        count(*) < 5 as is_small_cell,
        count(*) filter (where customer_360.n_purchases > 0) as n_buyers,
        count(*) filter (where customer_360.n_purchases_365d > 0) as n_buyers_365d,
        round(sum(customer_360.net_amount_cny), 2) as net_amount_cny,
        round(sum(customer_360.net_amount_365d_cny), 2) as net_amount_365d_cny
    from customer_360
    left join seen on customer_360.one_id = seen.one_id
    group by
        coalesce(customer_360.province_code, 'unknown'),
        coalesce(customer_360.age_band, 'unknown'),
        coalesce(customer_360.gender, 'unknown'),
        coalesce(customer_360.member_level, 'unknown'),
        coalesce(seen.member_source, 'unknown')
)

select * from final
