with

funnel_step as (
    select * from {{ ref('stg_analyses__funnel_step') }}
),

final as (
    select
        funnel,
        cohort_month,
        channel,
        step_number,
        step,
        step_zh,
        is_window_complete,
        n_entered,
        n_before,
        n_reached,
        round(n_reached / nullif(n_before, 0), 4) as step_rate,
        round(n_reached / nullif(n_entered, 0), 4) as reach_rate,
        median_days_from_before,
        median_days_from_entry
    from funnel_step
)

select * from final
