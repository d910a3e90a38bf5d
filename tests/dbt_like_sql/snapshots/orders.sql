with __dbt__cte__int_as_of as (
with

final as (
    select
        date '2026-06-30' as as_of_date,
        -- the first moment in UTC that no longer counts
        timezone(
            'UTC', timezone('Asia/Shanghai', timestamp '2026-06-30 00:00:00' + interval 1 day)
        ) as ends_at
)

select * from final
),

__dbt__cte__int_staff_alias as (
with

staff as (
    select * from core.staff
),

named as (
    select staff_code as alias, staff_code from staff
    union
    select wecom_userid as alias, staff_code from staff
    union
    select name_key as alias, staff_code from staff
),

final as (
    select
        alias,
        any_value(staff_code) as staff_code
    from named
    where alias is not null
    group by alias
    -- two employees of one name cannot be told apart by it
    having count(distinct staff_code) = 1
)

select * from final
),

__dbt__cte__int_store_alias as (
with

store as (
    select * from core.store
),

named as (
    select store_code as alias, store_code from store
    union
    select store_name as alias, store_code from store
),

final as (
    select
        alias,
        any_value(store_code) as store_code
    from named
    where alias is not null
    group by alias
    -- two stores of one name cannot be told apart by it
    having count(distinct store_code) = 1
)

select * from final
),

as_of as (
    select * from __dbt__cte__int_as_of
),

orders as (
    select * from lake.staging.stg_touchpoints__orders
),

record as (
    select * from lake.staging.stg_touchpoints__record
),

people as (
    select * from lake.intermediate.int_record_people
),

staff as (
    select * from __dbt__cte__int_staff_alias
),

store as (
    select * from __dbt__cte__int_store_alias
),

timed as (
    select
        orders.*,
        coalesce(
            orders.paid_at, orders.created_at, orders.shipped_at, orders.completed_at, record.occurred_at, record.version_at
        ) as ordered_at,
        cast(case orders.currency
            when 'CNY' then 1.0
            when 'USD' then 7.1
            when 'EUR' then 8.2
            when 'GBP' then 9.5
            when 'SGD' then 5.5
            when 'HKD' then 0.91
            when 'MOP' then 0.88
            when 'TWD' then 0.23
            when 'JPY' then 0.047
            when 'AUD' then 4.7
            when 'CAD' then 5.1
            when 'MYR' then 1.7
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
        cast(timezone('Asia/Shanghai', timezone('UTC', judged.ordered_at)) as date) as ordered_date,
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
