with

touch as (
    select * from {{ ref('int_unit_touch') }}
),

final as (
    select
        unit_kind || '#' || unit_code || '#' || cast(date_trunc('month', event_date) as date) as unit_month_id,
        unit_kind,
        unit_code,
        cast(date_trunc('month', event_date) as date) as touch_month,
        count(*) filter (where kind = 'visit') as n_visits,
        count(*) filter (where kind = 'follow' and not is_again) as n_new_followers,
        count(*) filter (where kind = 'member_joined' and not is_again) as n_new_members,
        count(*) filter (where kind = 'lead_created') as n_leads,
        count(*) filter (where kind = 'referral') as n_referrals
    from touch
    group by unit_kind, unit_code, cast(date_trunc('month', event_date) as date)
)

select * from final
