{{ config(materialized='table') }}

with

as_of as (
    select * from {{ ref('int_as_of') }}
),

unit_sale as (
    select * from {{ ref('int_unit_sale') }}
),

summed as (
    select
        unit_kind,
        unit_code,
        sale_month,
        count(*) filter (where is_valid) as n_orders,
        count(*) filter (where is_paid) as n_paid_orders,
        count(*) filter (where is_paid and is_returned) as n_returned_orders,
        count(*) filter (where is_return) as n_return_tickets,
        count(distinct one_id) filter (where is_valid) as n_buyers,
        count(distinct one_id) filter (where is_first_order) as n_new_buyers,
        count(one_id) filter (where is_valid) as n_orders_with_person,
        count(n_units) filter (where is_valid) as n_orders_with_lines,
        coalesce(sum(n_units) filter (where is_valid), 0) as n_units,
        round(coalesce(sum(gross_amount_cny), 0), 2) as gross_amount_cny,
        round(coalesce(sum(discount_amount_cny), 0), 2) as discount_amount_cny,
        round(coalesce(sum(returns_amount_cny), 0), 2) as returns_amount_cny,
        round(coalesce(sum(net_amount_cny), 0), 2) as net_amount_cny,
        round(coalesce(sum(net_amount_cny) filter (where is_valid), 0), 2) as order_amount_cny
    from unit_sale
    group by unit_kind, unit_code, sale_month
),

buyers as (
    select
        unit_kind,
        unit_code,
        sale_month,
        one_id,
        min(ordered_date) as first_date,
        arg_min(next_purchase_date, ordered_date) as next_date
    from unit_sale
    where is_purchase_day
    group by unit_kind, unit_code, sale_month, one_id
),

repeated as (
    select
        buyers.unit_kind,
        buyers.unit_code,
        buyers.sale_month,
        count(*) as n_buyers_90d,
        count(*) filter (where buyers.next_date <= buyers.first_date + 90) as n_repeat_buyers_90d
    from buyers
    cross join as_of
    -- the others have not had their ninety days yet
    where buyers.first_date <= as_of.as_of_date - 90
    group by buyers.unit_kind, buyers.unit_code, buyers.sale_month
),

final as (
    select
        summed.unit_kind || '#' || summed.unit_code || '#' || summed.sale_month as unit_month_id,
        summed.*,
        coalesce(repeated.n_buyers_90d, 0) as n_buyers_90d,
        coalesce(repeated.n_repeat_buyers_90d, 0) as n_repeat_buyers_90d,
        round(summed.n_units / nullif(summed.n_orders_with_lines, 0), 2) as units_per_receipt,
        round(summed.order_amount_cny / nullif(summed.n_orders, 0), 2) as avg_order_value_cny,
        round(repeated.n_repeat_buyers_90d / repeated.n_buyers_90d, 4) as repeat_rate_90d,
        round(summed.n_returned_orders / nullif(summed.n_paid_orders, 0), 4) as return_rate,
        round(summed.n_orders_with_person / nullif(summed.n_orders, 0), 4) as member_capture_rate
    from summed
    left join repeated
        on summed.unit_kind = repeated.unit_kind
        and summed.unit_code = repeated.unit_code
        and summed.sale_month = repeated.sale_month
)

select * from final
