with

as_of as (
    select * from {{ ref('int_as_of') }}
),

bought as (
    select
        one_id,
        count(*) as n_purchases,
        max(purchase_date) as last_purchase_date,
        round(sum(net_amount_cny), 2) as monetary_cny
    from {{ ref('purchase_day') }}
    group by one_id
),

categories as (
    select
        one_id,
        count(distinct category) as n_categories
    from {{ ref('category_purchase_day') }}
    group by one_id
),

channels as (
    select
        one_id,
        count(distinct channel) as n_channels
    from {{ ref('orders') }}
    where is_valid and one_id is not null
    group by one_id
),

-- what happens to people (a message sent, a parcel shipped) is none of their doing
active as (
    select
        events.one_id,
        count(distinct events.event_date) filter (
            where
            events.event_date > as_of.as_of_date - 365
            and events.type in (
                'follow', 'add_friend', 'subscribe', 'sign_up', 'login', 'visit', 'page_view', 'view_product', 'search',
                'add_to_cart', 'checkout', 'scan', 'store_visit', 'wifi_session', 'call', 'message_opened',
                'message_clicked', 'message_replied', 'review', 'referral', 'points_spent', 'coupon_redeemed'
            )
            and coalesce(events.subtype, '') <> 'opt_out'
        ) as n_active_days_365d,
        bool_or(events.type = 'review' and events.value_num >= 4) as has_praised
    from {{ ref('events') }} as events
    cross join as_of
    where events.one_id is not null
    group by events.one_id
),

referred as (
    select
        one_id,
        count(distinct other_one_id) as n_referred
    from {{ ref('stg_identity__relation') }}
    where relation = 'referrer'
    group by one_id
),

seen as (
    select * from {{ ref('int_person_seen') }}
),

reach as (
    select * from {{ ref('int_person_reach') }}
),

measured as (
    select
        bought.one_id,
        percent_rank() over (order by bought.last_purchase_date) as recency_score,
        percent_rank() over (order by bought.n_purchases) as frequency_score,
        percent_rank() over (order by bought.monetary_cny) as monetary_score,
        (
            cast(coalesce(categories.n_categories, 0) >= 2 as integer)
            + cast(coalesce(channels.n_channels, 0) >= 2 as integer)
            + cast(coalesce(seen.is_member, false) as integer)
            + cast(
                coalesce(reach.is_wechat_oa_follower, false) or coalesce(reach.is_wecom_contact, false) as integer
            )
        ) / 4 as breadth_score,
        coalesce(active.n_active_days_365d, 0) as n_active_days_365d,
        percent_rank() over (order by coalesce(active.n_active_days_365d, 0)) as interaction_score,
        coalesce(referred.n_referred, 0) as n_referred,
        case
            when coalesce(referred.n_referred, 0) > 0 then 1.0
            when coalesce(active.has_praised, false) then 0.5
            else 0.0
        end as advocacy_score,
        least(
            1.0, greatest(0, date_diff('day', cast(seen.first_seen_at as date), as_of.as_of_date)) / 1826
        ) as tenure_score
    from bought
    cross join as_of
    left join categories on bought.one_id = categories.one_id
    left join channels on bought.one_id = channels.one_id
    left join active on bought.one_id = active.one_id
    left join referred on bought.one_id = referred.one_id
    left join seen on bought.one_id = seen.one_id
    left join reach on bought.one_id = reach.one_id
),

scored as (
    select
        *,
        round(
            100 * (
                0.20 * recency_score
                + 0.20 * frequency_score
                + 0.15 * monetary_score
                + 0.10 * breadth_score
                + 0.15 * interaction_score
                + 0.10 * advocacy_score
                + 0.10 * coalesce(tenure_score, 0)
            ),
            1
        ) as score
    from measured
),

final as (
    select
        one_id,
        round(recency_score, 4) as recency_score,
        round(frequency_score, 4) as frequency_score,
        round(monetary_score, 4) as monetary_score,
        round(breadth_score, 4) as breadth_score,
        n_active_days_365d,
        round(interaction_score, 4) as interaction_score,
        n_referred,
        cast(advocacy_score as double) as advocacy_score,
        round(coalesce(tenure_score, 0), 4) as tenure_score,
        score,
        case
            when score >= 70 and n_referred > 0 then 'advocate'
            when score >= 60 then 'loyal'
            when score >= 35 then 'regular'
            else 'occasional'
        end as band
    from scored
)

select * from final
