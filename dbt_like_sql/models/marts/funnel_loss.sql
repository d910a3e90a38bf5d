with

funnel_loss as (
    select * from {{ ref('stg_analyses__funnel_loss') }}
),

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
    from funnel_loss
)

select * from final
