{{ config(materialized='table') }}

with

orders as (
    select * from {{ ref('orders') }}
    where is_valid and one_id is not null
),

touch as (
    select * from {{ ref('int_touch') }}
),

met as (
    select
        orders.order_key,
        cast(date_trunc('month', orders.ordered_date) as date) as conversion_month,
        coalesce(orders.net_amount_cny, 0) as net_amount_cny,
        touch.touch_id,
        touch.channel,
        touch.campaign,
        touch.touch_at,
        pow(
            2, -date_diff('second', touch.touch_at, orders.ordered_at)
            / (86400.0 * {{ var('attribution_half_life_days') }})
        ) as decay
    from orders
    inner join touch
        on orders.one_id = touch.one_id
        and touch.touch_at <= orders.ordered_at
        and touch.touch_at > orders.ordered_at - interval {{ var('attribution_days') }} day
),

numbered as (
    select
        *,
        row_number() over path as position,
        count(*) over whole as n_touches,
        sum(decay) over whole as all_decay,
        lag(channel) over path as channel_before,
        dense_rank() over (partition by order_key order by channel) as channel_number,
        count(*) over (partition by order_key, channel) as n_of_channel
    from met
    window
        path as (partition by order_key order by touch_at, touch_id),
        whole as (partition by order_key)
),

final as (
    select
        order_key,
        conversion_month,
        net_amount_cny,
        touch_id,
        channel,
        campaign,
        position,
        channel is distinct from channel_before as is_new_in_path,
        cast(position = 1 as double) as first_weight,
        cast(position = n_touches as double) as last_weight,
        1.0 / n_touches as linear_weight,
        -- 40/20/40: one touch has all, two have half each
        case
            when n_touches = 1 then 1.0
            when n_touches = 2 then 0.5
            when position in (1, n_touches) then 0.4
            else 0.2 / (n_touches - 2)
        end as position_weight,
        decay / all_decay as time_decay_weight,
        -- Shapley's value of a path that converts as a whole: an equal share for each channel in it
        1.0 / max(channel_number) over (partition by order_key) / n_of_channel as shapley_weight
    from numbered
)

select * from final
