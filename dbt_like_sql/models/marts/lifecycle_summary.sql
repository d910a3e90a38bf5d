with

customer_360 as (
    select * from {{ ref('customer_360') }}
    where lifecycle_stage is not null
),

final as (
    select
        lifecycle_stage,
        lifecycle_stage_zh,
        as_of_date,
        count(*) as n_people,
        round(count(*) / sum(count(*)) over (), 4) as people_share,
        count(*) filter (where reach_sms or reach_email or reach_wechat_oa or reach_wecom) as n_reachable,
        round(sum(net_amount_cny), 2) as net_amount_cny,
        round(sum(net_amount_365d_cny), 2) as net_amount_365d_cny,
        round(avg(n_purchases), 2) as mean_purchases,
        round(sum(clv_12m_cny), 2) as clv_12m_cny
    from customer_360
    group by lifecycle_stage, lifecycle_stage_zh, as_of_date
)

select * from final
