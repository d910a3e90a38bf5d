with

as_of as (
    select * from {{ ref('int_as_of') }}
),

people as (
    select * from {{ ref('stg_identity__one_id') }}
    where status = 'active'
),

golden as (
    select * from {{ ref('int_person_golden') }}
),

seen as (
    select * from {{ ref('int_person_seen') }}
),

reach as (
    select * from {{ ref('int_person_reach') }}
),

bought as (
    select * from {{ ref('int_person_orders') }}
),

rfm as (
    select * from {{ ref('rfm') }}
),

lifecycle as (
    select * from {{ ref('lifecycle') }}
),

clv as (
    select * from {{ ref('stg_profiles__clv') }}
),

durable as (
    select * from {{ ref('stg_profiles__durable') }}
),

tag as (
    select * from {{ ref('stg_profiles__tag') }}
),

churn as (
    select * from {{ ref('churn') }}
),

loyalty as (
    select * from {{ ref('loyalty') }}
),

satisfaction as (
    select * from {{ ref('satisfaction') }}
),

price as (
    select * from {{ ref('price_sensitivity') }}
),

household as (
    select * from {{ ref('household_member') }}
),

offer as (
    select * from {{ ref('next_best_product') }}
    where product_rank = 1
),

gap as (
    select * from {{ ref('bundle_gap') }}
    where gap_rank = 1
),

preferred as (
    select * from {{ ref('preference') }}
    where window_days = 365 and preference_rank = 1 and dimension in ('category', 'channel')
),

devices as (
    select
        one_id,
        list({'category': category, 'last_purchase_date': last_purchase_date} order by category) as devices,
        count(*) as n_devices
    from durable
    group by one_id
),

tags as (
    select
        one_id,
        list(distinct tag order by tag) as tags
    from tag
    group by one_id
),

ladder as (
    select one_id, arg_max(step, step_no) as ladder_step
    from {{ ref('ladder_step') }}
    group by one_id
),

final as (
    select
        people.one_id,
        as_of.as_of_date,
        people.n_records,
        coalesce(seen.sources, []) as sources,
        coalesce(seen.n_sources, 0) as n_sources,
        seen.first_seen_at,
        seen.last_seen_at,
        golden.gender,
        golden.birth_year,
        golden.age_band,
        golden.country,
        golden.province_code,
        golden.province,
        golden.city_code,
        golden.city,
        golden.district_code,
        golden.district,
        coalesce(seen.is_member, false) as is_member,
        seen.member_since_at,
        seen.member_level,
        seen.points_balance,
        seen.stored_value_balance,
        coalesce(reach.is_wechat_oa_follower, false) as is_wechat_oa_follower,
        coalesce(reach.is_wecom_contact, false) as is_wecom_contact,
        coalesce(reach.has_phone, false) as has_phone,
        coalesce(reach.has_email, false) as has_email,
        coalesce(reach.reach_sms, false) as reach_sms,
        coalesce(reach.reach_email, false) as reach_email,
        coalesce(reach.reach_wechat_oa, false) as reach_wechat_oa,
        coalesce(reach.reach_wecom, false) as reach_wecom,
        coalesce(bought.n_orders, 0) as n_orders,
        coalesce(bought.n_returns, 0) as n_returns,
        coalesce(bought.n_purchases, 0) as n_purchases,
        coalesce(bought.n_purchases_365d, 0) as n_purchases_365d,
        bought.first_order_date,
        bought.last_order_date,
        bought.last_order_channel,
        bought.preferred_store_id,
        bought.preferred_store_code,
        coalesce(bought.gross_amount_cny, 0) as gross_amount_cny,
        coalesce(bought.discount_amount_cny, 0) as discount_amount_cny,
        coalesce(bought.net_amount_cny, 0) as net_amount_cny,
        coalesce(bought.net_amount_365d_cny, 0) as net_amount_365d_cny,
        coalesce(bought.net_amount_marketplace_cny, 0) as net_amount_marketplace_cny,
        coalesce(bought.net_amount_online_store_cny, 0) as net_amount_online_store_cny,
        coalesce(bought.net_amount_store_cny, 0) as net_amount_store_cny,
        coalesce(bought.net_amount_international_cny, 0) as net_amount_international_cny,
        bought.discount_share,
        bought.coupon_order_share,
        coalesce(devices.devices, []) as devices,
        coalesce(devices.n_devices, 0) as n_devices,
        coalesce(seen.n_tickets, 0) as n_tickets,
        seen.last_ticket_at,
        rfm.recency_days,
        rfm.frequency,
        rfm.monetary_cny,
        rfm.r_score,
        rfm.f_score,
        rfm.m_score,
        rfm.fm_score,
        rfm.rfm_group,
        lifecycle.stage as lifecycle_stage,
        lifecycle.stage_zh as lifecycle_stage_zh,
        ladder.ladder_step,
        clv.p_alive,
        clv.p_buy_90d,
        clv.p_buy_365d,
        clv.next_purchase_date,
        clv.expected_purchases_365d,
        clv.expected_order_value_cny,
        clv.clv_12m_cny,
        clv.tier as clv_tier,
        clv.p_buy_30d,
        clv.next_purchase_from,
        clv.next_purchase_to,
        clv.model_run as value_model_run,
        churn.p_churn_365d,
        churn.churn_risk,
        churn.days_to_churned,
        loyalty.score as loyalty_score,
        loyalty.band as loyalty_band,
        satisfaction.score as satisfaction_score,
        satisfaction.band as satisfaction_band,
        price.sensitivity as price_sensitivity,
        price.price_level,
        by_category.value as preferred_category_365d,
        by_channel.value as preferred_channel_365d,
        offer.product as next_best_product,
        offer.product_title as next_best_product_title,
        gap.missing_category as bundle_gap_category,
        household.household_id,
        coalesce(household.n_members, 1) as n_household_members,
        coalesce(tags.tags, []) as tags
    from people
    cross join as_of
    left join golden on people.one_id = golden.one_id
    left join seen on people.one_id = seen.one_id
    left join reach on people.one_id = reach.one_id
    left join bought on people.one_id = bought.one_id
    left join rfm on people.one_id = rfm.one_id
    left join lifecycle on people.one_id = lifecycle.one_id
    left join ladder on people.one_id = ladder.one_id
    left join clv on people.one_id = clv.one_id
    left join churn on people.one_id = churn.one_id
    left join loyalty on people.one_id = loyalty.one_id
    left join satisfaction on people.one_id = satisfaction.one_id
    left join price on people.one_id = price.one_id
    left join preferred as by_category on people.one_id = by_category.one_id and by_category.dimension = 'category'
    left join preferred as by_channel on people.one_id = by_channel.one_id and by_channel.dimension = 'channel'
    left join offer on people.one_id = offer.one_id
    left join gap on people.one_id = gap.one_id
    left join household on people.one_id = household.one_id
    left join devices on people.one_id = devices.one_id
    left join tags on people.one_id = tags.one_id
    order by people.one_id
)

select * from final
