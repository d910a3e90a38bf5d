with

ladder_step as (
    select * from {{ ref('ladder_step') }}
),

first_touch as (
    select
        one_id,
        coalesce(arg_min_null(channel, (reached_at, step_no)), 'unknown') as first_channel
    from ladder_step
    group by one_id
),

ladder as (
    select
        step.one_id,
        step.step,
        step.step_no,
        first_touch.first_channel,
        before.reached_at as before_at,
        date_diff('day', before.reached_at, step.reached_at) as waited_days
    from ladder_step as step
    inner join first_touch on step.one_id = first_touch.one_id
    left join ladder_step as before
        on step.one_id = before.one_id
        and before.step_no = step.step_no - 1
        and before.reached_at <= step.reached_at
),

everyone as (
    select one_id, step, step_no, first_channel, before_at, waited_days from ladder
    union all
    select one_id, step, step_no, 'all' as first_channel, before_at, waited_days from ladder
),

counted as (
    select
        step,
        step_no,
        first_channel,
        count(*) as n_people,
        count(before_at) as n_from_before,
        median(waited_days) as median_days
    from everyone
    group by step, step_no, first_channel
),

final as (
    select
        step.step,
        step.step_no,
        step.first_channel,
        step.n_people,
        before.n_people as n_before,
        step.n_from_before,
        round(step.n_from_before / before.n_people, 4) as conversion_rate,
        step.median_days
    from counted as step
    left join counted as before
        on step.first_channel = before.first_channel
        and before.step_no = step.step_no - 1
)

select * from final
