with

as_of as (
    select * from {{ ref('int_as_of') }}
),

purchase_day as (
    select * from {{ ref('purchase_day') }}
),

firsts as (
    select
        one_id,
        min(purchase_date) as first_purchase_date
    from purchase_day
    group by one_id
),

cohorts as (
    select
        cast(date_trunc('month', first_purchase_date) as date) as cohort_month,
        count(*) as n_cohort
    from firsts
    group by all
),

-- only the months that every member of the cohort has had in full, counted from the last day of the cohort's month
grid as (
    select
        cohorts.cohort_month,
        cohorts.n_cohort,
        unnest(range(date_diff('day', last_day(cohorts.cohort_month), as_of.as_of_date + 1) // 30)) as month_number
    from cohorts
    cross join as_of
    where last_day(cohorts.cohort_month) <= as_of.as_of_date
),

bought as (
    select
        cast(date_trunc('month', firsts.first_purchase_date) as date) as cohort_month,
        date_diff('day', firsts.first_purchase_date, purchase_day.purchase_date) // 30 as month_number,
        count(distinct purchase_day.one_id) as n_buyers,
        count(*) as n_purchases,
        round(sum(purchase_day.net_amount_cny), 2) as net_amount_cny
    from purchase_day
    inner join firsts on purchase_day.one_id = firsts.one_id
    group by all
),

final as (
    select
        grid.cohort_month,
        grid.month_number,
        grid.n_cohort,
        coalesce(bought.n_buyers, 0) as n_buyers,
        round(coalesce(bought.n_buyers, 0) / grid.n_cohort, 4) as retention_rate,
        coalesce(bought.n_purchases, 0) as n_purchases,
        coalesce(bought.net_amount_cny, 0) as net_amount_cny
    from grid
    left join bought
        on grid.cohort_month = bought.cohort_month
        and grid.month_number = bought.month_number
)

select * from final
