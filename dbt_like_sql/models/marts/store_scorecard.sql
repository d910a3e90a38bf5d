with

as_of as (
    select * from {{ ref('int_as_of') }}
),

rate as (
    select * from {{ ref('stg_analyses__store_rate') }}
),

store as (
    select * from {{ ref('store') }}
),

sale as (
    select * from {{ ref('int_sale') }}
    where store_code is not null
),

sold as (
    select
        span.window_days,
        sale.store_code,
        round(sum(sale.net_amount_cny), 2) as net_amount_cny,
        count(*) filter (where sale.is_valid) as n_receipts,
        round(
            sum(sale.n_units) filter (where sale.is_valid) / nullif(count(sale.n_units) filter (where sale.is_valid), 0), 2
        ) as units_per_receipt,
        round(
            sum(sale.net_amount_cny) filter (where sale.is_valid) / nullif(count(*) filter (where sale.is_valid), 0), 2
        ) as avg_order_value_cny
    from sale
    cross join (select distinct window_days from rate) as span
    cross join as_of
    where sale.ordered_date > as_of.as_of_date - cast(span.window_days as integer)
    group by span.window_days, sale.store_code
),

final as (
    select
        rate.store_code || '#' || rate.window_days || '#' || rate.metric as scorecard_id,
        rate.store_code,
        store.store_name,
        rate.store_class,
        rate.window_days,
        as_of.as_of_date,
        coalesce(sold.net_amount_cny, 0) as net_amount_cny,
        coalesce(sold.n_receipts, 0) as n_receipts,
        sold.units_per_receipt,
        sold.avg_order_value_cny,
        rate.metric,
        rate.n_successes,
        rate.n_trials,
        round(rate.raw_rate, 4) as raw_rate,
        round(rate.shrunk_rate, 4) as shrunk_rate,
        round(rate.low, 4) as rate_low,
        round(rate.high, 4) as rate_high,
        round(rate.group_rate, 4) as class_rate,
        rate.rank_in_group as rank_in_class,
        rate.n_in_group as n_stores_in_class,
        rate.flag,
        rate.prior_scope,
        round(rate.prior_weight, 1) as prior_weight
    from rate
    cross join as_of
    left join store on rate.store_code = store.store_code
    left join sold on rate.store_code = sold.store_code and rate.window_days = sold.window_days
)

select * from final
