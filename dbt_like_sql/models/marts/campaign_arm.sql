with

as_of as (
    select * from {{ ref('int_as_of') }}
),

person as (
    select * from {{ ref('int_campaign_person') }}
),

campaign as (
    select
        *,
        cost_amount * cast(case currency
            {% for currency, rate in var('fx').items() -%}
            when '{{ currency }}' then {{ rate }}
            {% endfor -%}
        end as double) as cost_cny
    from {{ ref('campaign') }}
),

ad_spend as (
    select
        coalesce(alias.campaign_code, spend.campaign_code) as campaign_code,
        sum(spend.cost_amount * cast(case spend.currency
            {% for currency, rate in var('fx').items() -%}
            when '{{ currency }}' then {{ rate }}
            {% endfor -%}
        end as double)) as cost_cny
    from {{ ref('ad_spend') }} as spend
    left join {{ ref('int_campaign_alias') }} as alias on spend.campaign_code = alias.alias
    group by 1
),

counted as (
    select
        campaign_code,
        arm,
        bool_and(is_holdout) as is_holdout,
        mode(channel) as channel,
        min(assigned_at) as first_assigned_at,
        max(assigned_at) as last_assigned_at,
        count(*) as n_people,
        count(*) filter (where is_in_several_arms) as n_in_several_arms,
        count(*) filter (where is_sent) as n_sent,
        count(*) filter (where is_delivered) as n_delivered,
        count(*) filter (where is_failed) as n_failed,
        count(*) filter (where is_opened) as n_opened,
        count(*) filter (where is_clicked) as n_clicked,
        count(*) filter (where has_visited) as n_visited,
        count(*) filter (where has_carted) as n_carted,
        count(*) filter (where n_orders > 0) as n_ordered,
        count(*) filter (where n_valid_orders > 0) as n_converted,
        count(*) filter (where n_returned_orders > 0) as n_returned,
        cast(sum(n_orders) as bigint) as n_orders,
        cast(sum(n_returned_orders) as bigint) as n_returned_orders,
        sum(gross_amount_cny) as gross_amount_cny,
        sum(net_amount_cny) as net_amount_cny,
        coalesce(sum(unit_cost_cny) filter (where not is_holdout), 0) as unit_cost_cny
    from person
    group by campaign_code, arm
),

-- what a campaign costs as a whole is borne by those whom it was meant to reach, each alike
shared as (
    select
        *,
        case when is_holdout then 0 else n_people end
        / nullif(sum(case when is_holdout then 0 else n_people end) over (partition by campaign_code), 0) as cost_share
    from counted
),

final as (
    select
        shared.campaign_code,
        campaign.campaign_name,
        shared.arm,
        shared.is_holdout,
        shared.channel,
        shared.first_assigned_at,
        shared.last_assigned_at,
        cast({{ var('campaign_window_days') }} as integer) as window_days,
        shared.last_assigned_at + interval {{ var('campaign_window_days') }} day <= as_of.ends_at as is_window_complete,
        shared.n_people,
        shared.n_in_several_arms,
        shared.n_sent,
        shared.n_delivered,
        shared.n_failed,
        shared.n_opened,
        shared.n_clicked,
        shared.n_visited,
        shared.n_carted,
        shared.n_ordered,
        shared.n_converted,
        shared.n_returned,
        shared.n_orders,
        shared.n_returned_orders,
        round(shared.gross_amount_cny, 2) as gross_amount_cny,
        round(shared.net_amount_cny, 2) as net_amount_cny,
        round(shared.unit_cost_cny, 2) as unit_cost_cny,
        round(coalesce(campaign.cost_cny, 0) * coalesce(shared.cost_share, 0), 2) as campaign_cost_cny,
        round(coalesce(ad_spend.cost_cny, 0) * coalesce(shared.cost_share, 0), 2) as ad_cost_cny,
        round(
            shared.unit_cost_cny
            + (coalesce(campaign.cost_cny, 0) + coalesce(ad_spend.cost_cny, 0)) * coalesce(shared.cost_share, 0), 2
        ) as cost_cny
    from shared
    cross join as_of
    left join campaign on shared.campaign_code = campaign.campaign_code
    left join ad_spend on shared.campaign_code = ad_spend.campaign_code
)

select * from final
