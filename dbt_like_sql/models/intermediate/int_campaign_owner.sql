{{ config(materialized='table') }}

with

person as (
    select * from {{ ref('int_campaign_person') }}
    where arm <> 'unlisted'
),

visited as (
    select
        person.campaign_code,
        person.one_id,
        orders.store_code,
        count(distinct orders.ordered_date) as n_days,
        max(orders.ordered_date) as last_date
    from person
    inner join {{ ref('orders') }} as orders
        on person.one_id = orders.one_id
        and orders.ordered_at < person.assigned_at
    where
        person.told_store_code is null
        and orders.is_valid
        and orders.channel = 'store'
        and orders.store_code is not null
    group by person.campaign_code, person.one_id, orders.store_code
),

-- as customer_360.preferred_store_id, on the day of the assignment
home_store as (
    select
        campaign_code,
        one_id,
        arg_max(store_code, (n_days, last_date, store_code)) as store_code
    from visited
    group by campaign_code, one_id
),

served as (
    select
        one_id,
        event_at,
        arg_max(staff_code, event_id) as staff_code
    from {{ ref('events') }}
    where staff_code is not null and one_id is not null
    group by one_id, event_at
),

-- a campaign that went out on one channel would have reached its holdout on that one
only_channel as (
    select
        campaign_code,
        any_value(channel) as channel
    from person
    group by campaign_code
    having count(distinct channel) = 1
),

-- whose they were before anything was sent: what a campaign brings must not sort the people whom it brought it by
final as (
    select
        person.campaign_code,
        person.one_id,
        coalesce(only_channel.channel, person.channel, 'unknown') as channel,
        coalesce(person.told_store_code, home_store.store_code, 'unknown') as store_code,
        coalesce(person.told_staff_code, served.staff_code, 'unknown') as staff_code
    from person
    asof left join served on person.one_id = served.one_id and person.assigned_at > served.event_at
    left join home_store on person.campaign_code = home_store.campaign_code and person.one_id = home_store.one_id
    left join only_channel on person.campaign_code = only_channel.campaign_code
)

select * from final
