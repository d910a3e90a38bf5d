with

as_of as (
    select * from {{ ref('int_as_of') }}
),

events as (
    select * from {{ ref('events') }}
    where one_id is not null
),

record as (
    select * from {{ ref('stg_touchpoints__record') }}
),

record_map as (
    select * from {{ ref('stg_identity__record_map') }}
),

relation as (
    select * from {{ ref('stg_identity__relation') }}
),

orders as (
    select * from {{ ref('orders') }}
    where is_valid and one_id is not null
),

purchase_day as (
    select * from {{ ref('purchase_day') }}
),

-- what people do themselves; what is sent to them is no step of theirs
own_event as (
    select
        case
            when type in (
                'scan', 'visit', 'page_view', 'view_product', 'search', 'add_to_cart', 'checkout', 'sign_up', 'login',
                'lead_created', 'message_opened', 'message_clicked', 'message_replied', 'store_visit', 'wifi_session',
                'call'
            ) then 'traffic'
            when type in ('follow', 'add_friend', 'subscribe') then 'follower'
            when type = 'member_joined' then 'member'
            when type = 'referral' then 'referrer'
        end as step,
        one_id,
        event_at as reached_at,
        event_id as place,
        record_id,
        channel,
        type as event_type,
        campaign,
        store_code,
        staff_code,
        partner_code
    from events
    where type in (
        'scan', 'visit', 'page_view', 'view_product', 'search', 'add_to_cart', 'checkout', 'sign_up', 'login',
        'lead_created', 'message_opened', 'message_clicked', 'message_replied', 'store_visit', 'wifi_session', 'call',
        'follow', 'add_friend', 'subscribe', 'member_joined', 'referral'
    )
),

-- as customer_360 knows members; those whose file does not say when they joined have no event
membership as (
    select
        'member' as step,
        record_map.one_id,
        coalesce(record.occurred_at, record.first_seen_at) as reached_at,
        record_map.record_id as place,
        record_map.record_id,
        cast(null as varchar) as channel,
        'membership' as event_type,
        cast(null as varchar) as campaign,
        cast(null as varchar) as store_code,
        cast(null as varchar) as staff_code,
        cast(null as varchar) as partner_code
    from record_map
    inner join record on record_map.record_id = record.record_id
    left join own_event on record_map.record_id = own_event.record_id and own_event.step = 'member'
    where
        record_map.role = 'member'
        and record_map.record_type = 'customer'
        and record_map.source in ('pos', 'youzan')
        and own_event.record_id is null
        and coalesce(record.occurred_at, record.first_seen_at) < (select ends_at from as_of)
),

told as (
    select own_event.*, record.source, record.account
    from own_event
    left join record on own_event.record_id = record.record_id
    union all by name
    select membership.*, record.source, record.account
    from membership
    left join record on membership.record_id = record.record_id
),

-- who brought somebody, where a file has the two people and no event
brought as (
    select
        'referrer' as step,
        one_id,
        first_at as reached_at,
        other_one_id as place,
        source,
        cast(null as varchar) as account,
        cast(null as varchar) as channel,
        'relation' as event_type,
        cast(null as varchar) as campaign,
        cast(null as varchar) as store_code,
        cast(null as varchar) as staff_code,
        cast(null as varchar) as partner_code
    from relation
    where relation = 'referrer' and first_at < (select ends_at from as_of)
),

numbered_day as (
    select
        one_id,
        purchase_date,
        row_number() over (partition by one_id order by purchase_date) as number
    from purchase_day
    qualify number <= 2
),

attributed as (
    select
        order_key,
        min(campaign) as campaign,
        min(partner_code) as partner_code
    from events
    where type = 'order_attributed'
    group by order_key
),

bought as (
    select
        case numbered_day.number when 1 then 'buyer' else 'repeat' end as step,
        orders.one_id,
        orders.ordered_at as reached_at,
        orders.order_key as place,
        orders.source,
        orders.account,
        orders.channel,
        'purchase' as event_type,
        attributed.campaign,
        orders.store_code,
        orders.staff_code,
        attributed.partner_code
    from numbered_day
    inner join orders
        on numbered_day.one_id = orders.one_id
        and numbered_day.purchase_date = orders.ordered_date
    left join attributed on orders.order_key = attributed.order_key
),

together as (
    select step, one_id, reached_at, place, source, account, channel, event_type, campaign, store_code, staff_code, partner_code
    from told
    union all
    select step, one_id, reached_at, place, source, account, channel, event_type, campaign, store_code, staff_code, partner_code
    from brought
    union all
    select step, one_id, reached_at, place, source, account, channel, event_type, campaign, store_code, staff_code, partner_code
    from bought
),

firsts as (
    select *
    from together
    qualify row_number() over (
        partition by one_id, step order by reached_at, event_type, place, source, account, channel
    ) = 1
),

-- whoever follows, joins or has bought is no stranger any more
acquainted as (
    select one_id, min(reached_at) as acquainted_at
    from firsts
    where step in ('follower', 'member', 'buyer')
    group by one_id
),

final as (
    select
        firsts.one_id,
        firsts.step,
        case firsts.step
            when 'traffic' then 1
            when 'follower' then 2
            when 'member' then 3
            when 'buyer' then 4
            when 'repeat' then 5
            when 'referrer' then 6
        end as step_no,
        firsts.reached_at,
        firsts.source,
        firsts.account,
        firsts.channel,
        firsts.event_type,
        firsts.campaign,
        firsts.store_code,
        firsts.staff_code,
        firsts.partner_code
    from firsts
    left join acquainted on firsts.one_id = acquainted.one_id
    where firsts.step <> 'traffic' or acquainted.acquainted_at is null or firsts.reached_at <= acquainted.acquainted_at
)

select * from final
