{{ config(materialized='table') }}

with

as_of as (
    select * from {{ ref('int_as_of') }}
),

life as (
    select * from {{ ref('int_purchase_life') }}
),

-- of people who undid nothing, each purchase begins a span
plain as (
    select
        scope,
        category,
        one_id,
        purchase_date as valid_from,
        row_number() over earlier as n_purchases,
        purchase_date as last_purchase_date,
        date_diff('day', lag(purchase_date) over earlier, purchase_date) as last_gap_days
    from life
    where not has_undone
    window earlier as (partition by scope, category, one_id order by purchase_date)
),

-- of the others, each purchase and each undoing does
turning_point as (
    select scope, category, one_id, purchase_date as valid_from from life where has_undone
    union
    select scope, category, one_id, undone_date as valid_from from life where undone_date is not null
),

counted as (
    select
        turning_point.scope,
        turning_point.category,
        turning_point.one_id,
        turning_point.valid_from,
        count(life.one_id) as n_purchases,
        max(life.purchase_date, 2) as newest_dates
    from turning_point
    left join life
        on turning_point.scope = life.scope
        and turning_point.one_id = life.one_id
        and turning_point.category = life.category
        and life.purchase_date <= turning_point.valid_from
        and (life.undone_date is null or life.undone_date > turning_point.valid_from)
    group by turning_point.scope, turning_point.category, turning_point.one_id, turning_point.valid_from
),

turned as (
    select
        scope,
        category,
        one_id,
        valid_from,
        n_purchases,
        newest_dates[1] as last_purchase_date,
        date_diff('day', newest_dates[2], newest_dates[1]) as last_gap_days
    from counted
),

together as (
    select * from plain
    union all
    select * from turned
),

final as (
    select
        scope,
        category,
        one_id,
        valid_from,
        coalesce(
            lead(valid_from) over (partition by scope, category, one_id order by valid_from) - 1, as_of.as_of_date
        ) as valid_to,
        n_purchases,
        last_purchase_date,
        last_gap_days
    from together
    cross join as_of
)

select * from final
