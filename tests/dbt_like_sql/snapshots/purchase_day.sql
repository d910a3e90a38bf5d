with

orders as (
    select * from core.orders
    where one_id is not null
),

bought as (
    select
        one_id,
        ordered_date as purchase_date,
        count(*) as n_orders,
        count(*) filter (where discount_amount_cny > 0) as n_discounted_orders,
        count(*) filter (where coupon_amount > 0) as n_coupon_orders,
        round(sum(paid_amount_cny + discount_amount_cny), 2) as gross_amount_cny,
        round(sum(discount_amount_cny), 2) as discount_amount_cny,
        round(sum(net_amount_cny), 2) as bought_amount_cny
    from orders
    where is_valid and net_amount_cny is not null
    group by one_id, ordered_date
),

given_back as (
    select
        one_id,
        ordered_date as return_date,
        order_key,
        net_amount_cny as return_amount_cny
    from orders
    where is_return and net_amount_cny < 0
),

-- A return ticket does not say which purchase it undoes: the latest day that is worth as much, else the latest day.
return_candidates as (
    select
        given_back.order_key,
        given_back.return_amount_cny,
        bought.one_id,
        bought.purchase_date,
        row_number() over (
            partition by given_back.order_key
            order by bought.bought_amount_cny + given_back.return_amount_cny >= 0 desc, bought.purchase_date desc
        ) as position
    from given_back
    inner join bought
        on given_back.one_id = bought.one_id
        and given_back.return_date >= bought.purchase_date
),

returned as (
    select
        one_id,
        purchase_date,
        count(*) as n_returns,
        round(sum(return_amount_cny), 2) as return_amount_cny
    from return_candidates
    where position = 1
    group by one_id, purchase_date
),

final as (
    select
        bought.one_id,
        bought.purchase_date,
        bought.n_orders,
        bought.n_discounted_orders,
        bought.n_coupon_orders,
        coalesce(returned.n_returns, 0) as n_returns,
        bought.gross_amount_cny,
        bought.discount_amount_cny,
        coalesce(returned.return_amount_cny, 0) as return_amount_cny,
        round(bought.bought_amount_cny + coalesce(returned.return_amount_cny, 0), 2) as net_amount_cny
    from bought
    left join returned
        on bought.one_id = returned.one_id
        and bought.purchase_date = returned.purchase_date
    where round(bought.bought_amount_cny + coalesce(returned.return_amount_cny, 0), 2) > 0
)

select * from final
