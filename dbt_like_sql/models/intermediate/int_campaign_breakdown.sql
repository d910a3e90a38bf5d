{{ config(materialized='table') }}

with

owner as (
    select * from {{ ref('int_campaign_owner') }}
),

person as (
    select * from {{ ref('int_campaign_person') }}
),

arm as (
    select * from {{ ref('campaign_arm') }}
),

-- what a campaign costs as a whole is borne by those whom it was meant to reach, each alike
a_head as (
    select
        campaign_code,
        sum(campaign_cost_cny + ad_cost_cny) / sum(n_people) as cost_cny
    from arm
    where not is_holdout
    group by campaign_code
),

placed as (
    select person.*, 'channel' as breakdown, owner.channel as breakdown_value
    from person inner join owner on person.campaign_code = owner.campaign_code and person.one_id = owner.one_id
    union all
    select person.*, 'store' as breakdown, owner.store_code as breakdown_value
    from person inner join owner on person.campaign_code = owner.campaign_code and person.one_id = owner.one_id
    union all
    select person.*, 'staff' as breakdown, owner.staff_code as breakdown_value
    from person inner join owner on person.campaign_code = owner.campaign_code and person.one_id = owner.one_id
),

final as (
    select
        placed.campaign_code,
        placed.breakdown,
        placed.breakdown_value,
        placed.is_holdout,
        max(placed.assigned_at) as last_assigned_at,
        count(*) as n_assigned,
        count(*) filter (where placed.is_sent) as n_sent,
        count(*) filter (where placed.is_delivered) as n_delivered,
        count(*) filter (where placed.is_opened) as n_opened,
        count(*) filter (where placed.is_clicked) as n_clicked,
        count(*) filter (where placed.n_orders > 0) as n_ordered,
        cast(sum(placed.n_orders) as bigint) as n_orders,
        cast(sum(placed.n_returned_orders) as bigint) as n_returned_orders,
        round(sum(placed.net_amount_cny), 2) as net_amount_cny,
        round(
            case
                when placed.is_holdout then 0
                else coalesce(sum(placed.unit_cost_cny), 0) + count(*) * coalesce(any_value(a_head.cost_cny), 0)
            end, 2
        ) as cost_cny,
        -- who is in several arms is counted but not compared
        count(*) filter (where not placed.is_in_several_arms) as n_people,
        count(*) filter (where placed.n_valid_orders > 0 and not placed.is_in_several_arms) as n_converted,
        avg(placed.net_amount_cny) filter (where not placed.is_in_several_arms) as net_mean_cny,
        avg(placed.net_amount_before_cny) filter (where not placed.is_in_several_arms) as before_mean_cny,
        coalesce(var_samp(placed.net_amount_cny) filter (where not placed.is_in_several_arms), 0) as net_variance,
        coalesce(var_samp(placed.net_amount_before_cny) filter (where not placed.is_in_several_arms), 0) as before_variance,
        coalesce(
            covar_samp(placed.net_amount_cny, placed.net_amount_before_cny) filter (where not placed.is_in_several_arms), 0
        ) as covariance
    from placed
    left join a_head on placed.campaign_code = a_head.campaign_code
    group by placed.campaign_code, placed.breakdown, placed.breakdown_value, placed.is_holdout
)

select * from final
