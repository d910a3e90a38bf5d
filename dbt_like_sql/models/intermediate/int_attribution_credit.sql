{{ config(materialized='table') }}

with

touch as (
    select * from {{ ref('int_conversion_touch') }}
),

-- a conversion that nothing is known to have led to
direct as (
    select
        cast(date_trunc('month', ordered_date) as date) as conversion_month,
        count(*) as n_conversions,
        sum(coalesce(net_amount_cny, 0)) as net_amount_cny
    from {{ ref('orders') }}
    where
        is_valid and one_id is not null
        and order_key not in (select order_key from touch)
    group by 1
),

final as (
    select
        conversion_month,
        channel,
        coalesce(campaign, 'none') as campaign,
        count(*) as n_touches,
        count(*) filter (where position = 1) as n_conversions,
        sum(net_amount_cny) filter (where position = 1) as net_amount_cny,
        {% for model in ['first', 'last', 'linear', 'position', 'time_decay', 'shapley'] -%}
        sum({{ model }}_weight) as {{ model }}_conversions,
        sum({{ model }}_weight * net_amount_cny) as {{ model }}_net_amount_cny{{ ',' if not loop.last else '' }}
        {% endfor %}
    from touch
    group by conversion_month, channel, coalesce(campaign, 'none')
    union all
    select
        conversion_month,
        'direct' as channel,
        'none' as campaign,
        0 as n_touches,
        n_conversions,
        net_amount_cny,
        {% for model in ['first', 'last', 'linear', 'position', 'time_decay', 'shapley'] -%}
        n_conversions,
        net_amount_cny{{ ',' if not loop.last else '' }}
        {% endfor %}
    from direct
)

select * from final
