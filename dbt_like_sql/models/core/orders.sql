with

as_of as (
    select * from {{ ref('int_as_of') }}
),

orders as (
    select * from {{ ref('stg_touchpoints__orders') }}
),

record as (
    select * from {{ ref('stg_touchpoints__record') }}
),

people as (
    select * from {{ ref('int_record_people') }}
),

staff as (
    select * from {{ ref('int_staff_alias') }}
),

store as (
    select * from {{ ref('int_store_alias') }}
),

timed as (
    select
        orders.*,
        coalesce(
            orders.paid_at, orders.created_at, orders.shipped_at, orders.completed_at, record.occurred_at, record.version_at
        ) as ordered_at,
        cast(case orders.currency
            {% for currency, rate in var('fx').items() -%}
            when '{{ currency }}' then {{ rate }}
            {% endfor -%}
        end as double) as fx_rate
    from orders
    left join record on orders.record_id = record.record_id
),

judged as (
    select
        *,
        not coalesce(is_return, false)
        and case
            when status in ('paid', 'partly_shipped', 'shipped', 'completed')
                then coalesce(paid_amount, 0) > 0 or paid_at is not null
            when status = 'unknown' then paid_at is not null
            else false
        end as is_paid,
        coalesce(after_sale_status, '') = 'refunded_full'
        or (coalesce(refunded_amount, 0) > 0 and refunded_amount >= coalesce(paid_amount, 0)) as is_refunded_full,
        coalesce(paid_amount, 0) - coalesce(refunded_amount, 0) as net_amount
    from timed
    where ordered_at < (select ends_at from as_of)
),

final as (
    select
        judged.order_key,
        judged.record_id,
        judged.source,
        judged.account,
        judged.order_no,
        judged.channel,
        judged.store_id,
        judged.guide_id,
        coalesce(store.store_code, judged.store_id) as store_code,
        coalesce(staff.staff_code, judged.guide_id) as staff_code,
        people.one_id,
        people.buyer_one_id,
        people.receiver_one_id,
        judged.status,
        judged.status_raw,
        judged.after_sale_status,
        coalesce(judged.is_return, false) as is_return,
        judged.is_paid,
        judged.is_paid and not judged.is_refunded_full as is_valid,
        judged.created_at,
        judged.paid_at,
        judged.shipped_at,
        judged.completed_at,
        judged.closed_at,
        judged.ordered_at,
        cast(timezone('{{ var("time_zone") }}', timezone('UTC', judged.ordered_at)) as date) as ordered_date,
        judged.currency,
        judged.fx_rate,
        judged.goods_amount,
        judged.discount_amount,
        judged.coupon_amount,
        judged.freight_amount,
        judged.paid_amount,
        judged.refunded_amount,
        round(judged.net_amount, 2) as net_amount,
        round(coalesce(judged.discount_amount, 0) * judged.fx_rate, 2) as discount_amount_cny,
        round(coalesce(judged.paid_amount, 0) * judged.fx_rate, 2) as paid_amount_cny,
        round(coalesce(judged.refunded_amount, 0) * judged.fx_rate, 2) as refunded_amount_cny,
        round(judged.net_amount * judged.fx_rate, 2) as net_amount_cny
    from judged
    left join people on judged.record_id = people.record_id
    left join staff on judged.guide_id = staff.alias
    left join store on judged.store_id = store.alias
)

select * from final
