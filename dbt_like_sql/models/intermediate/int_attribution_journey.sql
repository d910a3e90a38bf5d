{{ config(materialized='table') }}

with

as_of as (
    select * from {{ ref('int_as_of') }}
),

touch as (
    select * from {{ ref('int_conversion_touch') }}
),

converted as (
    select
        order_key,
        conversion_month as journey_month,
        string_agg(channel, ' > ' order by position) filter (where is_new_in_path) as path,
        any_value(net_amount_cny) as net_amount_cny
    from touch
    group by order_key, conversion_month
),

-- touches that no conversion followed within the look-back; younger ones may still lead to one
idle as (
    select
        all_touches.*,
        cast(
            date_trunc('month', timezone('{{ var("time_zone") }}', timezone('UTC', all_touches.touch_at))) as date
        ) as journey_month
    from {{ ref('int_touch') }} as all_touches
    cross join as_of
    where
        all_touches.touch_at < as_of.ends_at - interval {{ var('attribution_days') }} day
        and all_touches.touch_id not in (select touch_id from touch)
),

idle_in_order as (
    select
        *,
        lag(channel) over (partition by one_id, journey_month order by touch_at, touch_id) as channel_before
    from idle
),

not_converted as (
    select
        one_id,
        journey_month,
        string_agg(channel, ' > ' order by touch_at, touch_id) as path
    from idle_in_order
    where channel is distinct from channel_before
    group by one_id, journey_month
),

final as (
    select
        journey_month,
        path,
        cast(sum(n_conversions) as bigint) as n_conversions,
        cast(sum(n_non_conversions) as bigint) as n_non_conversions,
        sum(net_amount_cny) as net_amount_cny
    from (
        select journey_month, path, count(*) as n_conversions, 0 as n_non_conversions, sum(net_amount_cny) as net_amount_cny
        from converted
        group by all
        union all
        select journey_month, path, 0 as n_conversions, count(*) as n_non_conversions, 0 as net_amount_cny
        from not_converted
        group by all
    )
    group by journey_month, path
)

select * from final
