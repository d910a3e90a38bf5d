{{ config(materialized='table') }}

with

order_lines as (
    select * from {{ ref('order_lines') }}
    where one_id is not null and category is not null and not is_gift
),

purchase_day as (
    select * from {{ ref('int_purchase_day') }}
),

bought as (
    select
        one_id,
        category,
        ordered_date as purchase_date,
        any_value(is_durable) as is_durable,
        count(distinct order_key) as n_orders,
        sum(qty) as bought_qty,
        round(sum(net_line_amount_cny), 2) as bought_amount_cny
    from order_lines
    -- a line without an amount was bought, one of 0 was given or refunded
    where is_valid and (line_amount is null or net_line_amount_cny > 0)
    group by one_id, category, ordered_date
),

given_back as (
    select
        one_id,
        category,
        ordered_date as return_date,
        order_key,
        line_no,
        qty,
        net_line_amount_cny as return_amount_cny
    from order_lines
    where is_return and net_line_amount_cny < 0
),

-- As in int_purchase_day, but the day that was worth just that comes first: an exchange leaves the newer article.
return_candidates as (
    select
        given_back.return_date,
        given_back.qty,
        given_back.return_amount_cny,
        bought.one_id,
        bought.category,
        bought.purchase_date,
        bought.bought_qty,
        bought.bought_amount_cny,
        row_number() over (
            partition by given_back.order_key, given_back.line_no
            order by
                abs(bought.bought_amount_cny + given_back.return_amount_cny) < 0.005 desc,
                bought.bought_amount_cny + given_back.return_amount_cny >= 0 desc,
                bought.purchase_date desc
        ) as position
    from given_back
    inner join bought
        on given_back.one_id = bought.one_id
        and given_back.category = bought.category
        and given_back.return_date >= bought.purchase_date
),

-- what is left of a day after each return
dwindling as (
    select
        one_id,
        category,
        purchase_date,
        return_date,
        qty,
        return_amount_cny,
        round(bought_amount_cny + sum(return_amount_cny) over so_far, 2) > 0
        -- what is kept back of the price does not keep the goods
        and coalesce(bought_qty - abs(sum(qty) over so_far), 1) > 0 as is_kept
    from return_candidates
    where position = 1
    window so_far as (
        partition by one_id, category, purchase_date order by return_date
        range between unbounded preceding and current row
    )
),

returned as (
    select
        one_id,
        category,
        purchase_date,
        -abs(sum(qty)) as return_qty,
        sum(return_amount_cny) as return_amount_cny,
        min(return_date) filter (where not coalesce(is_kept, false)) as undone_date
    from dwindling
    group by one_id, category, purchase_date
),

final as (
    select
        bought.one_id,
        bought.category,
        bought.purchase_date,
        -- goods given back without saying which undo the whole day
        least(returned.undone_date, purchase_day.undone_date) as undone_date,
        bought.is_durable,
        bought.n_orders,
        bought.bought_qty + coalesce(returned.return_qty, 0) as qty,
        round(bought.bought_amount_cny + coalesce(returned.return_amount_cny, 0), 2) as net_amount_cny
    from bought
    inner join purchase_day
        on bought.one_id = purchase_day.one_id
        and bought.purchase_date = purchase_day.purchase_date
    left join returned
        on bought.one_id = returned.one_id
        and bought.category = returned.category
        and bought.purchase_date = returned.purchase_date
)

select * from final
