with

as_of as (
    select * from {{ ref('int_as_of') }}
),

events as (
    select * from {{ ref('events') }}
    where type in ('coupon_issued', 'coupon_redeemed', 'coupon_expired')
),

alias as (
    select * from {{ ref('int_campaign_alias') }}
),

orders as (
    select * from {{ ref('orders') }}
),

coupon as (
    select
        record_id,
        any_value(subtype) as coupon_kind,
        any_value(campaign) as campaign,
        any_value(value_num) as face_value_cny,
        min(event_at) filter (where type = 'coupon_issued') as issued_at,
        min(event_date) filter (where type = 'coupon_issued') as issued_date,
        min(event_at) filter (where type = 'coupon_redeemed') as redeemed_at,
        any_value(order_key) filter (where type = 'coupon_redeemed') as order_key,
        bool_or(type = 'coupon_expired') as is_expired,
        any_value(one_id) as one_id
    from events
    group by record_id
    having count(*) filter (where type = 'coupon_issued') > 0
),

-- an order on which two coupons of one kind were used is one order
told as (
    select
        coalesce(coupon.coupon_kind, 'none') as coupon_kind,
        coalesce(alias.campaign_code, coupon.campaign, 'none') as campaign,
        cast(date_trunc('month', coupon.issued_date) as date) as issued_month,
        coupon.*,
        orders.is_valid,
        orders.net_amount_cny,
        -- without a face value the order tells what its coupons took off
        coalesce(
            coupon.face_value_cny,
            orders.coupon_amount * orders.fx_rate / count(*) over (partition by orders.order_key)
        ) as discount_cny,
        row_number() over (
            partition by
                coupon.order_key, coupon.coupon_kind, coalesce(alias.campaign_code, coupon.campaign),
                date_trunc('month', coupon.issued_date)
            order by coupon.record_id
        ) as number_on_order
    from coupon
    left join alias on coupon.campaign = alias.alias
    left join orders on coupon.order_key = orders.order_key
),

final as (
    select
        told.coupon_kind,
        told.campaign,
        told.issued_month,
        count(*) as n_issued,
        count(distinct told.one_id) as n_people,
        count(told.redeemed_at) as n_redeemed,
        count(*) filter (where told.redeemed_at is null and told.is_expired) as n_expired,
        count(*) filter (where told.redeemed_at is null and not told.is_expired) as n_open,
        round(count(told.redeemed_at) / count(*), 4) as redemption_rate,
        median(date_diff('second', told.issued_at, told.redeemed_at) / 86400.0) as median_days_to_redeem,
        count(told.order_key) filter (where told.number_on_order = 1 and told.is_valid) as n_orders,
        round(
            coalesce(
                sum(told.net_amount_cny) filter (
                    where told.order_key is not null and told.number_on_order = 1 and told.is_valid
                ), 0
            ), 2
        ) as order_net_amount_cny,
        round(coalesce(sum(told.discount_cny) filter (where told.redeemed_at is not null), 0), 2) as discount_cost_cny
    from told
    group by told.coupon_kind, told.campaign, told.issued_month
)

select * from final
