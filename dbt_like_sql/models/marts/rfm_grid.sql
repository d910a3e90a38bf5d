with

rfm as (
    select * from {{ ref('rfm') }}
    where r_score is not null
),

final as (
    select
        r_score,
        fm_score,
        any_value(rfm_group) as rfm_group,
        count(*) as n_people,
        round(count(*) / sum(count(*)) over (), 4) as people_share,
        round(avg(recency_days), 1) as mean_recency_days,
        round(avg(frequency), 2) as mean_frequency,
        round(sum(monetary_cny), 2) as monetary_cny
    from rfm
    group by r_score, fm_score
)

select * from final
