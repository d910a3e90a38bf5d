{{ config(materialized='table') }}

with

orders as (
    select * from {{ ref('orders') }}
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
        given_back.return_date,
        given_back.return_amount_cny,
        bought.one_id,
        bought.purchase_date,
        bought.bought_amount_cny,
        row_number() over (
            partition by given_back.order_key
            order by bought.bought_amount_cny + given_back.return_amount_cny >= 0 desc, bought.purchase_date desc
        ) as position
    from given_back
    inner join bought
        on given_back.one_id = bought.one_id
        and given_back.return_date >= bought.purchase_date
),

-- what is left of a day after each return
dwindling as (
    select
        one_id,
        purchase_date,
        return_date,
        return_amount_cny,
        round(
            bought_amount_cny + round(sum(return_amount_cny) over (
                partition by one_id, purchase_date order by return_date
                range between unbounded preceding and current row
            ), 2), 2
        ) as left_amount_cny
    from return_candidates
    where position = 1
),

returned as (
    select
        one_id,
        purchase_date,
        count(*) as n_returns,
        round(sum(return_amount_cny), 2) as return_amount_cny,
        min(return_date) filter (where left_amount_cny <= 0) as undone_date
    from dwindling
    group by one_id, purchase_date
),

final as (
    select
        bought.one_id,
        bought.purchase_date,
        case when bought.bought_amount_cny <= 0 then bought.purchase_date else returned.undone_date end as undone_date,
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
)

select * from final
