{{ config(materialized='table') }}

with

message as (
    select * from {{ ref('int_campaign_message') }}
),

listed as (
    select
        coalesce(alias.campaign_code, member.campaign_code) as campaign_code,
        member.one_id,
        member.arm,
        member.is_holdout,
        member.assigned_at,
        member.channel,
        member.unit_cost_cny,
        member.is_in_several_arms,
        member.store_code,
        member.staff_code
    from {{ ref('campaign_member') }} as member
    left join {{ ref('int_campaign_alias') }} as alias on member.campaign_code = alias.alias
    -- a list that names the campaign and one that numbers it are one list
    qualify row_number() over (
        partition by coalesce(alias.campaign_code, member.campaign_code), member.one_id
        order by member.assigned_at, member.is_holdout, member.arm
    ) = 1
),

with_list as (
    select distinct campaign_code from listed
),

-- who was written to without being on a list: without any list they are the campaign's only arm
written_to as (
    select
        message.campaign_code,
        message.one_id,
        case when with_list.campaign_code is null then 'all' else 'unlisted' end as arm,
        false as is_holdout,
        message.first_sent_at as assigned_at,
        message.channel,
        cast(null as double) as unit_cost_cny,
        false as is_in_several_arms,
        cast(null as varchar) as store_code,
        cast(null as varchar) as staff_code
    from message
    left join with_list on message.campaign_code = with_list.campaign_code
    left join listed on message.campaign_code = listed.campaign_code and message.one_id = listed.one_id
    where message.is_sent and listed.one_id is null
),

member as (
    select * from listed
    union all by name
    select * from written_to
),

orders as (
    select
        one_id,
        ordered_at,
        is_return,
        is_paid,
        is_valid,
        coalesce(refunded_amount_cny, 0) > 0 or is_return as has_returned,
        case when is_paid then paid_amount_cny else 0 end as gross_amount_cny,
        case when is_paid or is_return then coalesce(net_amount_cny, 0) else 0 end as net_amount_cny
    from {{ ref('orders') }}
    where one_id is not null and (is_paid or is_return)
),

bought as (
    select
        member.campaign_code,
        member.one_id,
        count(*) filter (where is_after and orders.is_paid) as n_orders,
        count(*) filter (where is_after and orders.is_valid) as n_valid_orders,
        count(*) filter (where is_after and orders.has_returned) as n_returned_orders,
        sum(orders.gross_amount_cny) filter (where is_after) as gross_amount_cny,
        sum(orders.net_amount_cny) filter (where is_after) as net_amount_cny,
        sum(orders.net_amount_cny) filter (where not is_after) as net_amount_before_cny
    from member
    inner join orders
        on member.one_id = orders.one_id
        and orders.ordered_at >= member.assigned_at - interval {{ var('campaign_before_days') }} day
        and orders.ordered_at < member.assigned_at + interval {{ var('campaign_window_days') }} day
    cross join lateral (select orders.ordered_at >= member.assigned_at as is_after)
    group by member.campaign_code, member.one_id
),

behaviour as (
    select
        one_id,
        event_at,
        type in ('add_to_cart', 'checkout') as is_cart
    from {{ ref('events') }}
    where
        one_id is not null
        and type in ('visit', 'first_visit', 'page_view', 'view_product', 'add_to_cart', 'checkout', 'store_visit')
),

came as (
    select
        member.campaign_code,
        member.one_id,
        bool_or(behaviour.is_cart) as has_carted
    from member
    inner join behaviour
        on member.one_id = behaviour.one_id
        and behaviour.event_at >= member.assigned_at
        and behaviour.event_at < member.assigned_at + interval {{ var('campaign_window_days') }} day
    group by member.campaign_code, member.one_id
),

final as (
    select
        member.campaign_code,
        member.one_id,
        member.arm,
        member.is_holdout,
        member.assigned_at,
        coalesce(member.channel, message.channel) as channel,
        member.unit_cost_cny,
        member.is_in_several_arms,
        member.store_code as told_store_code,
        member.staff_code as told_staff_code,
        coalesce(message.is_sent, false) as is_sent,
        coalesce(message.is_delivered, false) as is_delivered,
        coalesce(message.is_failed, false) and not coalesce(message.is_delivered, false) as is_failed,
        coalesce(message.is_opened, false) as is_opened,
        coalesce(message.is_clicked, false) as is_clicked,
        came.one_id is not null as has_visited,
        coalesce(came.has_carted, false) as has_carted,
        coalesce(bought.n_orders, 0) as n_orders,
        coalesce(bought.n_valid_orders, 0) as n_valid_orders,
        coalesce(bought.n_returned_orders, 0) as n_returned_orders,
        coalesce(bought.gross_amount_cny, 0) as gross_amount_cny,
        coalesce(bought.net_amount_cny, 0) as net_amount_cny,
        coalesce(bought.net_amount_before_cny, 0) as net_amount_before_cny
    from member
    left join message on member.campaign_code = message.campaign_code and member.one_id = message.one_id
    left join bought on member.campaign_code = bought.campaign_code and member.one_id = bought.one_id
    left join came on member.campaign_code = came.campaign_code and member.one_id = came.one_id
)

select * from final
