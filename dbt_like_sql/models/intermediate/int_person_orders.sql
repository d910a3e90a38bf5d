with

as_of as (
    select * from {{ ref('int_as_of') }}
),

orders as (
    select * from {{ ref('orders') }}
    where one_id is not null and (is_valid or is_return)
),

purchase_day as (
    select * from {{ ref('purchase_day') }}
),

order_figures as (
    select
        one_id,
        count(*) filter (where is_valid) as n_orders,
        count(*) filter (where is_return) as n_returns,
        min(ordered_date) filter (where is_valid) as first_order_date,
        max(ordered_date) filter (where is_valid) as last_order_date,
        arg_max(channel, (ordered_at, order_key)) filter (where is_valid) as last_order_channel,
        round(sum(net_amount_cny), 2) as net_amount_cny,
        round(coalesce(sum(net_amount_cny) filter (where channel = 'marketplace'), 0), 2) as net_amount_marketplace_cny,
        round(coalesce(sum(net_amount_cny) filter (where channel = 'online_store'), 0), 2) as net_amount_online_store_cny,
        round(coalesce(sum(net_amount_cny) filter (where channel = 'store'), 0), 2) as net_amount_store_cny,
        round(coalesce(sum(net_amount_cny) filter (where channel = 'international'), 0), 2) as net_amount_international_cny
    from orders
    group by one_id
),

day_figures as (
    select
        one_id,
        count(*) as n_purchases,
        count(*) filter (where purchase_date > as_of_date - 365) as n_purchases_365d,
        round(coalesce(sum(net_amount_cny) filter (where purchase_date > as_of_date - 365), 0), 2) as net_amount_365d_cny,
        round(sum(gross_amount_cny), 2) as gross_amount_cny,
        round(sum(discount_amount_cny), 2) as discount_amount_cny,
        round(sum(discount_amount_cny) / nullif(sum(gross_amount_cny), 0), 4) as discount_share,
        round(sum(n_coupon_orders) / sum(n_orders), 4) as coupon_order_share
    from purchase_day
    cross join as_of
    group by one_id
),

visited as (
    select
        one_id,
        store_id,
        arg_max(store_code, (ordered_at, order_key)) as store_code,
        count(distinct ordered_date) as n_days,
        max(ordered_date) as last_date
    from orders
    where is_valid and channel = 'store' and store_id is not null
    group by one_id, store_id
),

stores as (
    select
        one_id,
        arg_max(store_id, (n_days, last_date, store_id)) as preferred_store_id,
        arg_max(store_code, (n_days, last_date, store_id)) as preferred_store_code
    from visited
    group by one_id
),

final as (
    select
        order_figures.*,
        coalesce(day_figures.n_purchases, 0) as n_purchases,
        coalesce(day_figures.n_purchases_365d, 0) as n_purchases_365d,
        coalesce(day_figures.net_amount_365d_cny, 0) as net_amount_365d_cny,
        coalesce(day_figures.gross_amount_cny, 0) as gross_amount_cny,
        coalesce(day_figures.discount_amount_cny, 0) as discount_amount_cny,
        day_figures.discount_share,
        day_figures.coupon_order_share,
        stores.preferred_store_id,
        stores.preferred_store_code
    from order_figures
    left join day_figures on order_figures.one_id = day_figures.one_id
    left join stores on order_figures.one_id = stores.one_id
)

select * from final
