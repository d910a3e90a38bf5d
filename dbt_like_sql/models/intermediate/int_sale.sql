{{ config(materialized='table') }}

with

orders as (
    select * from {{ ref('orders') }}
    where is_paid or is_return
),

order_lines as (
    select * from {{ ref('order_lines') }}
),

events as (
    select * from {{ ref('events') }}
),

purchase_day as (
    select * from {{ ref('purchase_day') }}
),

bringer as (
    select * from {{ ref('int_bringer') }}
),

refunded as (
    select distinct order_key
    from {{ ref('int_order_refund') }}
),

units as (
    select
        order_key,
        sum(qty) as n_units
    from order_lines
    where is_valid and not is_gift
    group by order_key
),

-- who promoted it, as live rooms and affiliates tell of single orders
attributed as (
    select
        order_key,
        arg_max(partner_code, (event_at, event_id)) as partner_code
    from events
    where type = 'order_attributed' and partner_code is not null
    group by order_key
),

days as (
    select
        one_id,
        purchase_date,
        lead(purchase_date) over (partition by one_id order by purchase_date) as next_purchase_date
    from purchase_day
),

numbered as (
    select
        *,
        is_valid and one_id is not null and row_number() over (
            partition by one_id, is_valid order by ordered_at, order_key
        ) = 1 as is_first_order
    from orders
),

final as (
    select
        numbered.order_key,
        numbered.one_id,
        numbered.source,
        numbered.channel,
        numbered.store_code,
        numbered.staff_code,
        case when staff.brought_at <= numbered.ordered_at then staff.payee_id end as bringing_staff_code,
        coalesce(
            attributed.partner_code, case when partner.brought_at <= numbered.ordered_at then partner.payee_id end
        ) as partner_code,
        numbered.ordered_at,
        numbered.ordered_date,
        cast(date_trunc('month', numbered.ordered_date) as date) as sale_month,
        numbered.is_paid,
        numbered.is_valid,
        numbered.is_return,
        numbered.is_first_order,
        refunded.order_key is not null as is_returned,
        units.n_units,
        days.one_id is not null as is_purchase_day,
        days.next_purchase_date,
        case when numbered.is_paid then round(numbered.paid_amount_cny + numbered.discount_amount_cny, 2) else 0 end as gross_amount_cny,
        case when numbered.is_paid then numbered.discount_amount_cny else 0 end as discount_amount_cny,
        round(
            case when numbered.is_paid then numbered.paid_amount_cny else 0 end - numbered.net_amount_cny, 2
        ) as returns_amount_cny,
        numbered.net_amount_cny
    from numbered
    left join units on numbered.order_key = units.order_key
    left join refunded on numbered.order_key = refunded.order_key
    left join attributed on numbered.order_key = attributed.order_key
    left join bringer as staff on numbered.one_id = staff.one_id and staff.payee = 'staff'
    left join bringer as partner on numbered.one_id = partner.one_id and partner.payee = 'partner'
    left join days
        on numbered.is_valid
        and numbered.one_id = days.one_id
        and numbered.ordered_date = days.purchase_date
)

select * from final
