with

measured as (
    select
        one_id,
        0.8 * sum(coalesce(discount_amount_cny, 0)) / sum(paid_amount_cny + coalesce(discount_amount_cny, 0)) + 0.2 * avg(case when discount_amount_cny > 0 then 1 else 0 end) as measure,
        count(*) as n_seen,
        max(ordered_date) as last_date
    from core.orders as orders
    where one_id is not null
        and (is_valid and paid_amount_cny + coalesce(discount_amount_cny, 0) > 0)
        and ordered_date <= $as_of
        and ordered_date > $as_of - 730
    group by one_id
),

scored as (
    select
        one_id,
        last_date,
        n_seen,
        -- in whole millionths: sums of floats end differently with another number of threads
        round((n_seen * measure + 5 * avg(measure) over ()) / (n_seen + 5), 6) as score
    from measured
    where measure is not null
),

ranked as (
    select
        one_id,
        last_date,
        100 * percent_rank() over (order by score) as percentile
    from scored
    where n_seen >= 3
),

placed as (
    select
        one_id,
        last_date,
        case
            when percentile >= 80 then 'high'
            when percentile >= 30 then 'medium'
            when percentile >= 0 then 'low'
        end as band
    from ranked
)

select
    one_id,
    'price_sensitive' as tag,
    band as value,
    last_date as since
from placed
where band is not null
