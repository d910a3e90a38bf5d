{{ config(materialized='table') }}

with

person as (
    select * from {{ ref('int_campaign_person') }}
    where not is_in_several_arms and arm <> 'unlisted'
),

final as (
    select
        campaign_code,
        arm,
        is_holdout,
        count(*) as n_people,
        count(*) filter (where n_valid_orders > 0) as n_converted,
        avg(net_amount_cny) as net_mean_cny,
        avg(net_amount_before_cny) as before_mean_cny,
        coalesce(var_samp(net_amount_cny), 0) as net_variance,
        coalesce(var_samp(net_amount_before_cny), 0) as before_variance,
        coalesce(covar_samp(net_amount_cny, net_amount_before_cny), 0) as covariance
    from person
    group by campaign_code, arm, is_holdout
)

select * from final
