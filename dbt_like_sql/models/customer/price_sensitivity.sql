with

as_of as (
    select * from {{ ref('int_as_of') }}
),

orders as (
    select
        orders.one_id,
        orders.ordered_date,
        coalesce(orders.discount_amount_cny, 0) as discount_cny,
        orders.paid_amount_cny + coalesce(orders.discount_amount_cny, 0) as gross_cny
    from {{ ref('orders') }} as orders
    cross join as_of
    where
        orders.one_id is not null
        and orders.is_valid
        and orders.ordered_date > as_of.as_of_date - 730
),

discounts as (
    select
        one_id,
        count(*) as n_orders,
        max(ordered_date) as last_order_date,
        round(sum(discount_cny), 2) / round(sum(gross_cny), 2) as discount_share,
        count(*) filter (where discount_cny > 0) / count(*) as discounted_order_share
    from orders
    where gross_cny > 0
    group by one_id
),

weighed as (
    select
        *,
        0.8 * discount_share + 0.2 * discounted_order_share as weight
    from discounts
),

shrunk as (
    select
        *,
        -- the mean is rounded: sums of floats end differently with another number of threads
        round((n_orders * weight + 5 * round(avg(weight) over (), 6)) / (n_orders + 5), 6) as discount_weight
    from weighed
),

ranked as (
    select
        one_id,
        percent_rank() over (order by discount_weight) as place
    from shrunk
    where n_orders >= 3
),

lines as (
    select
        lines.one_id,
        100 * percent_rank() over (
            partition by lines.category order by round(lines.net_line_amount_cny / lines.qty, 2)
        ) as place
    from {{ ref('order_lines') }} as lines
    cross join as_of
    where
        lines.is_valid
        and not lines.is_gift
        and lines.category is not null
        and lines.qty > 0
        and lines.net_line_amount_cny > 0
        and lines.ordered_date > as_of.as_of_date - 730
),

levels as (
    select
        one_id,
        count(*) as n_priced_lines,
        round(avg(place), 4) as price_percentile
    from lines
    where one_id is not null
    group by one_id
),

spread as (
    select
        round(avg(price_percentile), 4) as mean_percentile,
        round(stddev_pop(price_percentile), 4) as sd_percentile
    from levels
    where n_priced_lines >= 3
),

final as (
    select
        shrunk.one_id,
        shrunk.n_orders,
        shrunk.last_order_date,
        round(shrunk.discount_share, 4) as discount_share,
        round(shrunk.discounted_order_share, 4) as discounted_order_share,
        shrunk.discount_weight,
        -- least() passes over nulls
        case when ranked.place is not null then cast(least(10, 1 + floor(10 * ranked.place)) as bigint) end as decile,
        case
            when ranked.place is null then null
            when ranked.place >= 0.8 then 'high'
            when ranked.place >= 0.3 then 'medium'
            else 'low'
        end as sensitivity,
        coalesce(levels.n_priced_lines, 0) as n_priced_lines,
        levels.price_percentile,
        case
            when coalesce(levels.n_priced_lines, 0) < 3 then null
            when levels.price_percentile < spread.mean_percentile - spread.sd_percentile then 'cheap'
            when levels.price_percentile > spread.mean_percentile + spread.sd_percentile then 'expensive'
            else 'middle'
        end as price_level
    from shrunk
    cross join spread
    left join ranked on shrunk.one_id = ranked.one_id
    left join levels on shrunk.one_id = levels.one_id
)

select * from final
