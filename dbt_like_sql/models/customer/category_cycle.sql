with

as_of as (
    select * from {{ ref('int_as_of') }}
),

bought as (
    select
        one_id,
        category,
        is_durable,
        purchase_date,
        lead(purchase_date) over (partition by one_id, category order by purchase_date) as next_date
    from {{ ref('category_purchase_day') }}
),

gaps as (
    select
        bought.category,
        bought.is_durable,
        date_diff('day', bought.purchase_date, coalesce(bought.next_date, as_of.as_of_date)) as gap_days,
        bought.next_date is not null as is_closed
    from bought
    cross join as_of
),

-- Kaplan and Meier (1958): after each length of a gap, the share of those still waiting that go on waiting
lengths as (
    select
        category,
        gap_days,
        count(*) filter (where is_closed) as n_closed,
        count(*) as n_ended
    from gaps
    group by category, gap_days
),

at_risk as (
    select
        category,
        gap_days,
        n_closed,
        sum(n_ended) over (partition by category order by gap_days desc) as n_at_risk
    from lengths
),

surviving as (
    select
        category,
        gap_days,
        -- a factor of nought has no logarithm: nobody waits longer
        max(n_closed = n_at_risk) over waits as is_over,
        sum(ln(1 - n_closed / nullif(n_at_risk, n_closed))) over waits as log_share
    from at_risk
    window waits as (partition by category order by gap_days)
),

medians as (
    select
        category,
        min(gap_days) as km_median_days
    from surviving
    where is_over or log_share <= ln(0.5) + 1e-9
    group by category
),

closed as (
    select
        category,
        count(*) as n_gaps,
        quantile_cont(gap_days, 0.25) as q25_days,
        quantile_cont(gap_days, 0.50) as q50_days,
        quantile_cont(gap_days, 0.80) as q80_days,
        quantile_cont(gap_days, 0.95) as q95_days
    from gaps
    where is_closed
    group by category
),

overall as (
    select
        count(*) as n_gaps,
        quantile_cont(gap_days, 0.50) as q50_days
    from gaps
    where is_closed and not is_durable
),

life as (
    select * from {{ ref('stg_profiles__durable_life') }}
),

buyers as (
    select
        category,
        bool_or(is_durable) as is_durable,
        count(*) as n_purchase_days,
        count(distinct one_id) as n_buyers,
        count(distinct one_id) filter (where next_date is not null) as n_repeat_buyers
    from bought
    group by category
),

final as (
    select
        buyers.category,
        buyers.is_durable,
        buyers.n_buyers,
        buyers.n_purchase_days,
        coalesce(closed.n_gaps, 0) as n_gaps,
        closed.q25_days,
        closed.q50_days,
        closed.q80_days,
        closed.q95_days,
        cast(medians.km_median_days as double) as km_median_days,
        round(buyers.n_repeat_buyers / buyers.n_buyers, 4) as repurchase_rate,
        case
            when life.median_years is not null then round(365.25 * life.median_years, 1)
            when closed.n_gaps >= 30 then closed.q50_days
            when overall.n_gaps >= 30 then overall.q50_days
            else 180.0
        end as cycle_days,
        case
            when life.median_years is not null then 'life'
            when closed.n_gaps >= 30 then 'category'
            when overall.n_gaps >= 30 then 'all'
            else 'default'
        end as cycle_source
    from buyers
    cross join overall
    left join closed on buyers.category = closed.category
    left join medians on buyers.category = medians.category
    left join life on buyers.category = life.category
)

select * from final
