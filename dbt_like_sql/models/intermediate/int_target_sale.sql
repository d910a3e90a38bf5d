{{ config(materialized='table') }}

with

target_unit as (
    select * from {{ ref('int_target_unit') }}
),

sale as (
    select * from {{ ref('int_sale') }}
),

share as (
    select * from {{ ref('int_order_share') }}
),

targets as (
    select distinct target_level, unit_code
    from target_unit
),

by_category as (
    select
        sale.order_key,
        coalesce(share.product_category, '') as product_category,
        coalesce(share.category_zh, '') as category_zh,
        coalesce(share.category, '') as category,
        sum(share.line_net_cents) / 100 as net_amount_cny
    from sale
    inner join share on sale.order_key = share.order_key
    group by all
),

found as (
    select 'brand' as target_level, '-' as unit_code, order_key, net_amount_cny from sale
    union all
    select targets.target_level, targets.unit_code, sale.order_key, sale.net_amount_cny
    from sale
    inner join targets
        on targets.target_level = 'channel' and (targets.unit_code = sale.channel or targets.unit_code = sale.source)
    union all
    select targets.target_level, targets.unit_code, sale.order_key, sale.net_amount_cny
    from sale
    inner join targets on targets.target_level = 'store' and targets.unit_code = sale.store_code
    union all
    select targets.target_level, targets.unit_code, sale.order_key, sale.net_amount_cny
    from sale
    inner join targets on targets.target_level = 'staff' and targets.unit_code = sale.staff_code
    union all
    select targets.target_level, targets.unit_code, by_category.order_key, sum(by_category.net_amount_cny) as net_amount_cny
    from by_category
    inner join targets
        on targets.target_level = 'category'
        and targets.unit_code in (by_category.product_category, by_category.category_zh, by_category.category)
    group by targets.target_level, targets.unit_code, by_category.order_key
),

final as (
    select
        found.target_level || '#' || found.unit_code || '#' || found.order_key as target_sale_id,
        found.target_level,
        found.unit_code,
        found.order_key,
        sale.one_id,
        sale.ordered_date,
        sale.is_valid,
        found.net_amount_cny
    from found
    inner join sale on found.order_key = sale.order_key
)

select * from final
