with

sold as (
    select * from {{ ref('int_unit_month') }}
    where unit_kind = 'store'
),

touched as (
    select * from {{ ref('int_unit_touch_month') }}
    where unit_kind = 'store'
),

counted as (
    select
        cast(date_trunc('month', traffic_date) as date) as traffic_month,
        store_code,
        sum(n_passed) as n_passed,
        sum(n_entered) as n_entered
    from {{ ref('int_store_traffic_day') }}
    group by cast(date_trunc('month', traffic_date) as date), store_code
),

store as (
    select * from {{ ref('store') }}
),

keys as (
    select sale_month as month_start_date, unit_code as store_code from sold
    union
    select touch_month as month_start_date, unit_code as store_code from touched
    union
    select traffic_month as month_start_date, store_code from counted
),

final as (
    select
        keys.month_start_date,
        keys.store_code,
        store.store_name,
        store.store_kind,
        store.sales_area,
        counted.n_passed,
        counted.n_entered,
        coalesce(touched.n_visits, 0) as n_visits,
        coalesce(touched.n_new_followers, 0) as n_new_followers,
        coalesce(touched.n_new_members, 0) as n_new_members,
        coalesce(sold.n_buyers, 0) as n_buyers,
        coalesce(sold.n_new_buyers, 0) as n_new_buyers,
        coalesce(sold.n_orders, 0) as n_orders,
        round(sold.n_orders / nullif(counted.n_entered, 0), 4) as conversion_rate,
        coalesce(sold.n_returned_orders, 0) as n_returned_orders,
        coalesce(sold.n_return_tickets, 0) as n_return_tickets,
        coalesce(sold.gross_amount_cny, 0) as gross_amount_cny,
        coalesce(sold.discount_amount_cny, 0) as discount_amount_cny,
        coalesce(sold.returns_amount_cny, 0) as returns_amount_cny,
        coalesce(sold.net_amount_cny, 0) as net_amount_cny,
        round(sold.net_amount_cny / nullif(store.area_m2, 0), 2) as net_amount_per_m2_cny,
        sold.units_per_receipt,
        sold.avg_order_value_cny,
        coalesce(sold.n_buyers_90d, 0) as n_buyers_90d,
        sold.repeat_rate_90d,
        sold.return_rate,
        sold.member_capture_rate
    from keys
    left join sold on keys.month_start_date = sold.sale_month and keys.store_code = sold.unit_code
    left join touched on keys.month_start_date = touched.touch_month and keys.store_code = touched.unit_code
    left join counted on keys.month_start_date = counted.traffic_month and keys.store_code = counted.store_code
    left join store on keys.store_code = store.store_code
)

select * from final
