with

final as (
    select
        store_code,
        store_class,
        window_days,
        metric,
        n_successes,
        n_trials,
        prior_scope,
        prior_mean,
        prior_weight,
        raw_rate,
        shrunk_rate,
        low,
        high,
        group_rate,
        rank_in_group,
        n_in_group,
        flag
    from {{ source('analyses', 'store_rate') }}
)

select * from final
