{{ config(materialized='table') }}

with

sales_target as (
    select * from {{ ref('sales_target') }}
),

sale as (
    select * from {{ ref('int_sale') }}
),

share as (
    select * from {{ ref('int_order_share') }}
),

targets as (
    select distinct
        target_level,
        target_of,
        -- a list names a channel in its own words
        case
            when target_of in ('电商平台', '平台电商', '电商', '线上平台') then 'marketplace'
            when target_of in ('网店', '商城', '自营商城', '小程序', '小程序商城', '官网') then 'online_store'
            when target_of in ('门店', '线下', '线下门店', '实体店') then 'store'
            when target_of in ('海外', '跨境', '国际', '海外店') then 'international'
            when target_of in ('天猫', '淘宝', '天猫淘宝') then 'tmall'
            when target_of = '京东' then 'jd'
            when target_of = '抖音' then 'douyin'
            when target_of = '快手' then 'kuaishou'
            when target_of = '拼多多' then 'pdd'
            when target_of = '有赞' then 'youzan'
            when target_of = '小红书' then 'xiaohongshu'
            else lower(target_of)
        end as channel_name
    from sales_target
    where target_level <> 'brand'
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
    select 'brand' as target_level, '-' as target_of, order_key, net_amount_cny from sale
    union all
    select targets.target_level, targets.target_of, sale.order_key, sale.net_amount_cny
    from sale
    inner join targets
        on targets.target_level = 'channel' and (targets.channel_name = sale.channel or targets.channel_name = sale.source)
    union all
    select targets.target_level, targets.target_of, sale.order_key, sale.net_amount_cny
    from sale
    inner join targets on targets.target_level = 'store' and targets.target_of = sale.store_code
    union all
    select targets.target_level, targets.target_of, sale.order_key, sale.net_amount_cny
    from sale
    inner join targets on targets.target_level = 'staff' and targets.target_of = sale.staff_code
    union all
    select targets.target_level, targets.target_of, by_category.order_key, sum(by_category.net_amount_cny) as net_amount_cny
    from by_category
    inner join targets
        on targets.target_level = 'category'
        and targets.target_of in (by_category.product_category, by_category.category_zh, by_category.category)
    group by targets.target_level, targets.target_of, by_category.order_key
),

final as (
    select
        found.target_level || '#' || found.target_of || '#' || found.order_key as target_sale_id,
        found.target_level,
        found.target_of,
        found.order_key,
        sale.one_id,
        sale.ordered_date,
        sale.is_valid,
        found.net_amount_cny
    from found
    inner join sale on found.order_key = sale.order_key
)

select * from final
