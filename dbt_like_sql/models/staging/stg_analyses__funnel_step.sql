with

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
        median_days_from_before,
        median_days_from_entry
    from {{ source('analyses', 'funnel_step') }}
)

select * from final
