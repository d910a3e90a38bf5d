{{ config(materialized='table') }}

with

purchase_day as (
    select * from {{ ref('int_purchase_day') }}
),

category_purchase_day as (
    select * from {{ ref('int_category_purchase_day') }}
),

told as (
    select 'all' as scope, 'all' as category, one_id, purchase_date, undone_date
    from purchase_day
    union all
    select 'category' as scope, category, one_id, purchase_date, undone_date
    from category_purchase_day
),

final as (
    select
        scope,
        category,
        one_id,
        purchase_date,
        undone_date,
        bool_or(undone_date is not null) over everything as has_undone,
        -- the next purchase that was kept: none after it follows directly upon this one
        min(purchase_date) filter (where undone_date is null) over later as next_kept_date
    from told
    -- what was given back on its own day counted on no day
    where undone_date is null or undone_date > purchase_date
    window
        everything as (partition by scope, category, one_id),
        later as (
            partition by scope, category, one_id order by purchase_date
            rows between 1 following and unbounded following
        )
)

select * from final
