with

measured as (
    select
        one_id,
        count(distinct event_date) as measure,
        count(*) as n_seen,
        max(event_date) as last_date
    from core.events as events
    where one_id is not null
        and (type in ('follow', 'add_friend', 'subscribe', 'sign_up', 'login', 'visit', 'page_view', 'view_product', 'search', 'add_to_cart', 'checkout', 'scan', 'store_visit', 'wifi_session', 'call', 'message_opened', 'message_clicked', 'message_replied', 'review', 'referral') and coalesce(subtype, '') <> 'opt_out')
        and event_date <= $as_of
        and event_date > $as_of - 180
    group by one_id
),

scored as (
    select
        one_id,
        last_date,
        n_seen,
        -- in whole millionths: sums of floats end differently with another number of threads
        round(measure, 6) as score
    from measured
    where measure is not null
),

ranked as (
    select
        one_id,
        last_date,
        100 * percent_rank() over (order by score) as percentile
    from scored
    where n_seen >= 1
),

placed as (
    select
        one_id,
        last_date,
        case
            when percentile >= 80 then 'high'
            when percentile >= 40 then 'medium'
            when percentile >= 0 then 'low'
        end as band
    from ranked
)

select
    one_id,
    'interaction_level' as tag,
    band as value,
    last_date as since
from placed
where band is not null
