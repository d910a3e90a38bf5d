with

lifecycle as (
    select * from {{ ref('lifecycle') }}
    where n_purchases > 0
),

clv as (
    select * from {{ ref('stg_profiles__clv') }}
),

scored as (
    select
        lifecycle.*,
        round(1 - clv.p_buy_365d, 6) as p_churn_365d,
        clv.model_run
    from lifecycle
    left join clv on lifecycle.one_id = clv.one_id
),

final as (
    select
        one_id,
        recency_days,
        stage,
        stage in ('silent', 'churned') as is_churned_by_rule,
        p_churn_365d,
        case
            when p_churn_365d < 0.33 then 'low'
            when p_churn_365d < 0.66 then 'medium'
            when p_churn_365d is not null then 'high'
        end as churn_risk,
        greatest(0, cast(floor(q95_days) as bigint) + 1 - recency_days) as days_to_churned,
        model_run
    from scored
)

select * from final
