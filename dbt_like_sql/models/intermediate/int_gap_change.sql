{{ config(materialized='table') }}

with

life as (
    select * from {{ ref('int_purchase_life') }}
),

-- of people who undid nothing: each purchase closes one gap, for good
plain as (
    select
        scope,
        category,
        purchase_date as change_date,
        date_diff('day', lag(purchase_date) over earlier, purchase_date) as gap_days
    from life
    where not has_undone
    window earlier as (partition by scope, category, one_id order by purchase_date)
),

-- of the others: two purchases are neighbours while both are kept and all between them are undone
pairs as (
    select
        before.scope,
        before.category,
        before.one_id,
        before.purchase_date as before_date,
        after.purchase_date as after_date,
        before.undone_date as before_undone_date,
        after.undone_date as after_undone_date,
        max(after.undone_date) over between_them as between_undone_date
    from life as before
    inner join life as after
        on before.scope = after.scope
        and before.one_id = after.one_id
        and before.category = after.category
        and before.purchase_date < after.purchase_date
        and (before.next_kept_date is null or after.purchase_date <= before.next_kept_date)
    where before.has_undone and after.has_undone
    window between_them as (
        partition by before.scope, before.category, before.one_id, before.purchase_date
        order by after.purchase_date
        rows between unbounded preceding and 1 preceding
    )
),

neighbours as (
    select
        scope,
        category,
        date_diff('day', before_date, after_date) as gap_days,
        greatest(after_date, between_undone_date) as closed_date,
        least(before_undone_date, after_undone_date) as opened_date
    from pairs
),

changes as (
    select scope, category, gap_days, change_date, 1 as n_change
    from plain
    where gap_days is not null
    union all
    select scope, category, gap_days, closed_date as change_date, 1 as n_change
    from neighbours
    where opened_date is null or closed_date < opened_date
    union all
    select scope, category, gap_days, opened_date as change_date, -1 as n_change
    from neighbours
    where closed_date < opened_date
),

final as (
    select
        scope,
        category,
        gap_days,
        change_date,
        cast(sum(n_change) as bigint) as n_change
    from changes
    group by scope, category, gap_days, change_date
)

select * from final
