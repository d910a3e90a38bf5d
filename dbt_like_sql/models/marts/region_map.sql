with

region as (
    select * from {{ ref('stg_profiles__region') }}
),

customer_360 as (
    select * from {{ ref('customer_360') }}
),

told as (
    select province_code as code, one_id, is_member, n_purchases, n_purchases_365d, net_amount_cny, net_amount_365d_cny
    from customer_360
    union all
    select city_code as code, one_id, is_member, n_purchases, n_purchases_365d, net_amount_cny, net_amount_365d_cny
    from customer_360
    union all
    select district_code as code, one_id, is_member, n_purchases, n_purchases_365d, net_amount_cny, net_amount_365d_cny
    from customer_360
),

counted as (
    select
        code,
        count(*) as n_people,
        count(*) filter (where is_member) as n_members,
        count(*) filter (where n_purchases > 0) as n_buyers,
        count(*) filter (where n_purchases_365d > 0) as n_buyers_365d,
        sum(net_amount_cny) as net_amount_cny,
        sum(net_amount_365d_cny) as net_amount_365d_cny
    from told
    where code is not null
    group by code
),

-- every region, so that a map has no holes
final as (
    select
        region.code as region_code,
        region.level as region_level,
        region.parent as parent_code,
        region.name as name_zh,
        region.name_en,
        coalesce(counted.n_people, 0) as n_people,
        coalesce(counted.n_members, 0) as n_members,
        coalesce(counted.n_buyers, 0) as n_buyers,
        coalesce(counted.n_buyers_365d, 0) as n_buyers_365d,
        round(coalesce(counted.net_amount_cny, 0), 2) as net_amount_cny,
        round(coalesce(counted.net_amount_365d_cny, 0), 2) as net_amount_365d_cny,
        round(counted.net_amount_365d_cny / counted.n_people, 2) as net_per_person_365d_cny,
        round(counted.net_amount_365d_cny / nullif(counted.n_buyers_365d, 0), 2) as net_per_buyer_365d_cny,
        coalesce(counted.n_people between 1 and 4, false) as is_small_cell
    from region
    left join counted on region.code = counted.code
)

select * from final
