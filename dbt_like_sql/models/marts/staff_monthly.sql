with

sold as (
    select * from {{ ref('int_unit_month') }}
    where unit_kind = 'staff'
),

touched as (
    select * from {{ ref('int_unit_touch_month') }}
    where unit_kind = 'staff'
),

brought as (
    select * from {{ ref('int_brought_month') }}
    where unit_kind = 'staff'
),

paid_out as (
    select
        payee_id,
        statement_month,
        cast(earned_cny + clawback_cny as double) as commission_cny
    from {{ ref('commission_statement') }}
    where payee = 'staff'
),

person as (
    select * from {{ ref('staff') }}
),

keys as (
    select sale_month as month_start_date, unit_code as staff_code from sold
    union
    select touch_month as month_start_date, unit_code as staff_code from touched
    union
    select brought_month as month_start_date, unit_code as staff_code from brought
    union
    select statement_month as month_start_date, payee_id as staff_code from paid_out
),

final as (
    select
        keys.month_start_date,
        keys.staff_code,
        person.job,
        person.store_code,
        person.leader_code,
        coalesce(touched.n_leads, 0) as n_leads,
        coalesce(touched.n_new_followers, 0) as n_new_followers,
        coalesce(touched.n_referrals, 0) as n_referrals,
        coalesce(brought.n_people_brought, 0) as n_people_brought,
        coalesce(brought.n_became_members, 0) as n_became_members,
        coalesce(brought.n_converted, 0) as n_converted,
        round(brought.n_converted_90d / nullif(brought.n_brought_90d, 0), 4) as conversion_rate_90d,
        coalesce(sold.n_orders, 0) as n_orders,
        coalesce(sold.n_buyers, 0) as n_buyers,
        coalesce(sold.n_new_buyers, 0) as n_new_buyers,
        coalesce(sold.gross_amount_cny, 0) as gross_amount_cny,
        coalesce(sold.discount_amount_cny, 0) as discount_amount_cny,
        coalesce(sold.returns_amount_cny, 0) as returns_amount_cny,
        coalesce(sold.net_amount_cny, 0) as net_amount_cny,
        sold.units_per_receipt,
        sold.avg_order_value_cny,
        sold.repeat_rate_90d,
        sold.return_rate,
        coalesce(paid_out.commission_cny, 0) as commission_cny
    from keys
    left join sold on keys.month_start_date = sold.sale_month and keys.staff_code = sold.unit_code
    left join touched on keys.month_start_date = touched.touch_month and keys.staff_code = touched.unit_code
    left join brought on keys.month_start_date = brought.brought_month and keys.staff_code = brought.unit_code
    left join paid_out on keys.month_start_date = paid_out.statement_month and keys.staff_code = paid_out.payee_id
    left join person on keys.staff_code = person.staff_code
)

select * from final
