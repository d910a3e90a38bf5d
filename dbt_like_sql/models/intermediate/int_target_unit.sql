with

sales_target as (
    select * from {{ ref('sales_target') }}
),

store_alias as (
    select * from {{ ref('int_store_alias') }}
),

staff_alias as (
    select * from {{ ref('int_staff_alias') }}
),

named as (
    select distinct
        target_level,
        coalesce(target_of, '-') as target_of
    from sales_target
),

-- a list names what it is for in its own words
final as (
    select
        named.target_level || '#' || named.target_of as target_unit_id,
        named.target_level,
        named.target_of,
        case named.target_level
            when 'brand' then '-'
            when 'store' then coalesce(store_alias.store_code, named.target_of)
            when 'staff' then coalesce(staff_alias.staff_code, named.target_of)
            when 'channel' then case
                when named.target_of in ('电商平台', '平台电商', '电商', '线上平台') then 'marketplace'
                when named.target_of in ('网店', '商城', '自营商城', '小程序', '小程序商城', '官网') then 'online_store'
                when named.target_of in ('门店', '线下', '线下门店', '实体店') then 'store'
                when named.target_of in ('海外', '跨境', '国际', '海外店') then 'international'
                when named.target_of in ('天猫', '淘宝', '天猫淘宝') then 'tmall'
                when named.target_of = '京东' then 'jd'
                when named.target_of = '抖音' then 'douyin'
                when named.target_of = '快手' then 'kuaishou'
                when named.target_of = '拼多多' then 'pdd'
                when named.target_of = '有赞' then 'youzan'
                when named.target_of = '小红书' then 'xiaohongshu'
                else lower(named.target_of)
            end
            else named.target_of
        end as unit_code
    from named
    left join store_alias on named.target_level = 'store' and named.target_of = store_alias.alias
    left join staff_alias on named.target_level = 'staff' and named.target_of = staff_alias.alias
)

select * from final
