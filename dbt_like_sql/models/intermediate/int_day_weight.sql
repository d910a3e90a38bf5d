{{ config(materialized='table') }}

with

as_of as (
    select * from {{ ref('int_as_of') }}
),

sale as (
    select * from {{ ref('int_sale') }}
    where is_valid
),

sales_target as (
    select * from {{ ref('sales_target') }}
),

holiday as (
    select * from {{ ref('holiday') }}
),

history as (
    select
        coalesce(min(sale.ordered_date), any_value(as_of.as_of_date)) as first_date,
        date_diff('day', coalesce(min(sale.ordered_date), any_value(as_of.as_of_date)), any_value(as_of.as_of_date)) + 1 as n_days,
        any_value(as_of.as_of_date) as as_of_date
    from as_of
    left join sale on sale.ordered_date <= as_of.as_of_date
),

bounds as (
    select
        least(
            any_value(history.first_date),
            any_value(history.as_of_date) - 800,
            coalesce(min(sales_target.period_start_date), any_value(history.as_of_date))
        ) as from_date,
        greatest(
            any_value(history.as_of_date) + 400, coalesce(max(sales_target.period_end_date), any_value(history.as_of_date))
        ) as to_date
    from history
    left join sales_target on true
),

-- Days off that move through the year go by their name, all others by their date; trade festivals keep their dates.
movable as (
    select
        holiday_date,
        min(holiday_name || case when is_workday then '#on' else '#off' end) as label
    from holiday
    where is_workday is not null
    group by holiday_date
),

calendar as (
    select
        cast(days.day as date) as day,
        isodow(days.day) as weekday,
        month(days.day) as month_no,
        coalesce(movable.label, strftime(days.day, '%m-%d')) as label,
        cast(floor(date_diff('day', cast(days.day as date), history.as_of_date) / 365) as bigint) as years_ago,
        cast(days.day as date) between history.first_date and history.as_of_date as is_history,
        history.n_days // 365 as n_years,
        history.n_days
    from (
        select unnest(generate_series(from_date, to_date, interval 1 day)) as day
        from bounds
    ) as days
    cross join history
    left join movable on cast(days.day as date) = movable.holiday_date
),

sold as (
    select
        ordered_date,
        count(*) as n_orders
    from sale
    group by ordered_date
),

observed as (
    select
        calendar.*,
        coalesce(sold.n_orders, 0) as n_orders
    from calendar
    left join sold on calendar.day = sold.ordered_date
    where calendar.is_history
),

weekdays as (
    select
        weekday,
        (sum(n_orders) + 30) / (count(*) * any_value(daily.mean_orders) + 30) as factor
    from observed
    cross join (select avg(n_orders) as mean_orders from observed) as daily
    where n_days >= 56
    group by weekday
),

-- Whole years alone, each against its own mean: growth is no season.
years as (
    select
        years_ago,
        avg(n_orders) as mean_orders
    from observed
    where years_ago < n_years and n_years >= 2
    group by years_ago
),

months as (
    select
        observed.month_no,
        (sum(observed.n_orders) + 30) / (sum(years.mean_orders * coalesce(weekdays.factor, 1)) + 30) as factor
    from observed
    inner join years on observed.years_ago = years.years_ago
    left join weekdays on observed.weekday = weekdays.weekday
    group by observed.month_no
),

-- A day of the year counts by its orders against thirty that go as its month and weekday do.
dates as (
    select
        observed.label,
        (sum(observed.n_orders) + 30)
        / (sum(years.mean_orders * coalesce(weekdays.factor, 1) * months.factor) + 30) as factor
    from observed
    inner join years on observed.years_ago = years.years_ago
    inner join months on observed.month_no = months.month_no
    left join weekdays on observed.weekday = weekdays.weekday
    group by observed.label
),

final as (
    select
        calendar.day,
        calendar.label,
        coalesce(weekdays.factor, 1) as weekday_factor,
        coalesce(months.factor, 1) as month_factor,
        coalesce(dates.factor, 1) as date_factor,
        round(coalesce(weekdays.factor, 1) * coalesce(months.factor, 1) * coalesce(dates.factor, 1), 6) as day_weight
    from calendar
    left join weekdays on calendar.weekday = weekdays.weekday
    left join months on calendar.month_no = months.month_no
    left join dates on calendar.label = dates.label
)

select * from final
