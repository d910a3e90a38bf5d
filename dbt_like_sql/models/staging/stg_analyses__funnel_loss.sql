with

final as (
    select
        funnel,
        cohort_month,
        channel,
        step_number,
        step,
        next_step,
        reason,
        detail,
        n_people
    from {{ source('analyses', 'funnel_loss') }}
)

select * from final
