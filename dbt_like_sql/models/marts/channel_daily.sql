with

orders as (
    select * from {{ ref('orders') }}
    where is_paid or is_return
),

final as (
    select
        ordered_date,
        channel,
        coalesce(store_id, '') as store_id,
        count(*) filter (where is_valid) as n_orders,
        count(*) filter (where is_return) as n_returns,
        count(distinct one_id) filter (where is_valid) as n_customers,
        round(coalesce(sum(paid_amount_cny) filter (where is_paid), 0), 2) as paid_amount_cny,
        round(coalesce(sum(refunded_amount_cny) filter (where is_paid), 0), 2) as refunded_amount_cny,
        round(coalesce(-sum(net_amount_cny) filter (where is_return), 0), 2) as returned_amount_cny,
        round(coalesce(sum(net_amount_cny), 0), 2) as net_amount_cny
    from orders
    group by ordered_date, channel, coalesce(store_id, '')
)

select * from final
