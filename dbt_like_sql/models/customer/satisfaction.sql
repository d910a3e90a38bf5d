with

as_of as (
    select * from {{ ref('int_as_of') }}
),

events as (
    select events.*
    from {{ ref('events') }} as events
    cross join as_of
    where events.one_id is not null and events.event_date > as_of.as_of_date - 730
),

reviews as (
    select
        one_id,
        count(*) as n_reviews,
        sum(value_num) as sum_stars,
        arg_max(value_num, (event_at, event_id)) as last_stars,
        max(event_date) as last_date
    from events
    where type = 'review' and value_num between 1 and 5
    group by one_id
),

base as (
    select
        -- nobody has said anything: the middle of the scale
        coalesce(sum(sum_stars) / sum(n_reviews), 3) as mean_stars
    from reviews
),

solved as (
    select distinct record_id
    from events
    where type = 'ticket_solved'
),

tickets as (
    select
        events.one_id,
        count(*) as n_tickets,
        count(*) filter (
            where regexp_matches(coalesce(events.subtype, ''), '修|投诉|退|换|repair|complain|return|problem|incident')
        ) as n_repairs,
        count(*) filter (
            where solved.record_id is null and events.event_date < as_of.as_of_date - 7
        ) as n_unsolved,
        max(events.event_date) as last_date
    from events
    cross join as_of
    left join solved on events.record_id = solved.record_id
    where events.type = 'ticket_opened'
    group by events.one_id
),

refunds as (
    select
        orders.one_id,
        count(*) as n_refunds
    from {{ ref('orders') }} as orders
    cross join as_of
    where
        orders.one_id is not null
        and orders.ordered_date > as_of.as_of_date - 730
        and (orders.is_return or (orders.is_paid and not orders.is_valid))
    group by orders.one_id
),

people as (
    select one_id from reviews
    union
    select one_id from tickets
),

measured as (
    select
        people.one_id,
        coalesce(reviews.n_reviews, 0) as n_reviews,
        reviews.sum_stars,
        reviews.last_stars,
        coalesce(tickets.n_tickets, 0) as n_tickets,
        coalesce(tickets.n_repairs, 0) as n_repairs,
        coalesce(tickets.n_unsolved, 0) as n_unsolved,
        coalesce(refunds.n_refunds, 0) as n_refunds,
        greatest(reviews.last_date, tickets.last_date) as last_told_date,
        (coalesce(reviews.sum_stars, 0) + base.mean_stars) / (coalesce(reviews.n_reviews, 0) + 1) as stars
    from people
    cross join base
    left join reviews on people.one_id = reviews.one_id
    left join tickets on people.one_id = tickets.one_id
    left join refunds on people.one_id = refunds.one_id
),

scored as (
    select
        *,
        round(
            greatest(
                0,
                (stars - 1) * 25
                - least(30, 10 * n_repairs)
                - least(30, 15 * n_unsolved)
                - least(10, 5 * n_refunds)
            ),
            1
        ) as score
    from measured
),

final as (
    select
        one_id,
        n_reviews,
        round(sum_stars / nullif(n_reviews, 0), 2) as mean_stars,
        last_stars,
        n_tickets,
        n_repairs,
        n_unsolved,
        n_refunds,
        last_told_date,
        score,
        case when score < 50 then 'unhappy' when score < 75 then 'neutral' else 'happy' end as band
    from scored
)

select * from final
