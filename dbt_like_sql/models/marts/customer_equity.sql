with

customer_360 as (
    select * from {{ ref('customer_360') }}
    where clv_tier is not null
),

final as (
    select
        clv_tier,
        coalesce(lifecycle_stage, 'unknown') as lifecycle_stage,
        '{{ var("run_id") }}' as run_id,
        as_of_date,
        count(*) as n_people,
        round(sum(clv_12m_cny), 2) as clv_12m_cny,
        round(sum(clv_12m_cny) / sum(sum(clv_12m_cny)) over (), 4) as clv_share,
        round(avg(p_alive), 4) as mean_p_alive,
        round(sum(expected_purchases_365d), 2) as expected_purchases_365d,
        round(sum(net_amount_365d_cny), 2) as net_amount_365d_cny
    from customer_360
    group by clv_tier, coalesce(lifecycle_stage, 'unknown'), as_of_date
)

select * from final
