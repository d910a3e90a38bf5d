with

as_of as (
    select * from {{ ref('int_as_of') }}
),

cycle as (
    select * from {{ ref('category_cycle') }}
),

bought as (
    select
        day.one_id,
        day.category,
        day.is_durable,
        day.purchase_date,
        day.net_amount_cny,
        date_diff('day', day.purchase_date, as_of.as_of_date) as age_days,
        cycle.cycle_days
    from {{ ref('category_purchase_day') }} as day
    inner join cycle on day.category = cycle.category
    cross join as_of
),

base as (
    select
        category,
        count(*) / sum(count(*)) over () as base_share
    from bought
    group by category
),

measured as (
    select
        one_id,
        category,
        bool_or(is_durable) as is_durable,
        count(*) as n_purchase_days,
        min(purchase_date) as first_purchase_date,
        max(purchase_date) as last_purchase_date,
        min(age_days) as recency_days,
        round(sum(net_amount_cny), 2) as net_amount_cny,
        max(cycle_days) as cycle_days,
        -- in millionths: sums of floats end differently with another number of threads
        round(sum(pow(0.5, age_days / cycle_days)), 6) as weight
    from bought
    group by one_id, category
),

timed as (
    select
        measured.*,
        base.base_share,
        date_diff('day', first_purchase_date, last_purchase_date) / nullif(n_purchase_days - 1, 0) as mean_gap_days,
        (weight + 2 * base.base_share)
        / (round(sum(weight) over (partition by one_id), 6) + 2) as decayed_share
    from measured
    inner join base on measured.category = base.category
),

cycled as (
    select
        *,
        round(decayed_share / base_share, 4) as lift,
        case
            when not is_durable
                then ((n_purchase_days - 1) * coalesce(mean_gap_days, 0) + 2 * cycle_days) / (n_purchase_days + 1)
        end as own_cycle_days
    from timed
),

final as (
    select
        one_id,
        category,
        is_durable,
        n_purchase_days,
        first_purchase_date,
        last_purchase_date,
        recency_days,
        net_amount_cny,
        round(mean_gap_days, 1) as mean_gap_days,
        round(own_cycle_days, 1) as own_cycle_days,
        last_purchase_date + cast(ceil(own_cycle_days) as integer) as next_due_date,
        case
            when own_cycle_days is null then null
            when recency_days < 0.75 * own_cycle_days then 'early'
            when recency_days <= 1.25 * own_cycle_days then 'due'
            when recency_days <= 2 * own_cycle_days then 'overdue'
            else 'lapsed'
        end as cycle_status,
        round(decayed_share, 4) as decayed_share,
        round(base_share, 4) as base_share,
        lift,
        row_number() over (
            partition by one_id order by lift desc, last_purchase_date desc, category
        ) as affinity_rank
    from cycled
)

select * from final
