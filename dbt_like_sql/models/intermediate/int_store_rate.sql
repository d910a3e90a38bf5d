{{ config(materialized='table') }}

with

as_of as (
    select * from {{ ref('int_as_of') }}
),

span as (
    select 90 as window_days
    union all
    select 365 as window_days
),

store as (
    select * from {{ ref('store') }}
),

sale as (
    select * from {{ ref('int_sale') }}
    where store_code is not null
),

traffic as (
    select * from {{ ref('int_store_traffic_day') }}
),

named as (
    select store_code from store
    union
    select store_code from sale
    where channel = 'store'
),

classed as (
    select
        named.store_code,
        coalesce(store.store_kind, 'unknown') as store_class
    from named
    left join store on named.store_code = store.store_code
),

window_sale as (
    select
        span.window_days,
        sale.*
    from sale
    cross join span
    cross join as_of
    where sale.ordered_date > as_of.as_of_date - span.window_days
),

receipts as (
    select
        window_days,
        store_code,
        count(*) filter (where is_valid) as n_orders,
        count(one_id) filter (where is_valid) as n_orders_with_person,
        count(*) filter (where is_paid) as n_paid_orders,
        count(*) filter (where is_paid and is_returned) as n_returned_orders
    from window_sale
    group by window_days, store_code
),

-- The ninety days that a buyer may come back in have to be over: the window ends ninety days earlier.
buyers as (
    select
        span.window_days,
        sale.store_code,
        sale.one_id,
        min(sale.ordered_date) as first_date,
        arg_min(sale.next_purchase_date, sale.ordered_date) as next_date
    from sale
    cross join span
    cross join as_of
    where
        sale.is_purchase_day
        and sale.ordered_date <= as_of.as_of_date - 90
        and sale.ordered_date > as_of.as_of_date - 90 - span.window_days
    group by span.window_days, sale.store_code, sale.one_id
),

repeats as (
    select
        window_days,
        store_code,
        count(*) as n_buyers,
        count(*) filter (where next_date <= first_date + 90) as n_repeat_buyers
    from buyers
    group by window_days, store_code
),

-- only days on which the door was counted
sold_by_day as (
    select
        store_code,
        ordered_date,
        count(*) filter (where is_valid) as n_orders
    from sale
    group by store_code, ordered_date
),

doors as (
    select
        span.window_days,
        traffic.store_code,
        cast(round(sum(traffic.n_entered)) as bigint) as n_entered,
        -- least() passes over nulls: a day without an order has none
        sum(least(coalesce(sold_by_day.n_orders, 0), traffic.n_entered)) as n_orders
    from traffic
    cross join span
    cross join as_of
    left join sold_by_day
        on traffic.store_code = sold_by_day.store_code
        and traffic.traffic_date = sold_by_day.ordered_date
    where traffic.n_entered > 0 and traffic.traffic_date > as_of.as_of_date - span.window_days
    group by span.window_days, traffic.store_code
),

told as (
    select window_days, store_code, 'conversion' as metric, n_orders as n_successes, n_entered as n_trials from doors
    union all
    select window_days, store_code, 'repeat_90d' as metric, n_repeat_buyers as n_successes, n_buyers as n_trials from repeats
    union all
    select window_days, store_code, 'return' as metric, n_returned_orders as n_successes, n_paid_orders as n_trials from receipts
    union all
    select window_days, store_code, 'member_capture' as metric, n_orders_with_person as n_successes, n_orders as n_trials
    from receipts
),

metrics as (
    select distinct metric from told
),

-- every store has every rate, if only to show that nothing is known of it
final as (
    select
        classed.store_code || '#' || span.window_days || '#' || metrics.metric as store_rate_id,
        classed.store_code,
        classed.store_class,
        cast(span.window_days as bigint) as window_days,
        metrics.metric,
        cast(coalesce(least(told.n_successes, told.n_trials), 0) as bigint) as n_successes,
        cast(coalesce(told.n_trials, 0) as bigint) as n_trials
    from classed
    cross join span
    cross join metrics
    left join told
        on classed.store_code = told.store_code
        and span.window_days = told.window_days
        and metrics.metric = told.metric
)

select * from final
