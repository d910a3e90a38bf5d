with

told as (
    select * from {{ ref('store_traffic') }}
    where store_code is not null
),

-- a day told as a whole counts as it is told, else the sum of its hours
final as (
    select
        store_code || '#' || traffic_date as store_day_id,
        store_code,
        traffic_date,
        coalesce(sum(n_passed) filter (where traffic_hour is null), sum(n_passed)) as n_passed,
        coalesce(sum(n_entered) filter (where traffic_hour is null), sum(n_entered)) as n_entered
    from told
    group by store_code, traffic_date
)

select * from final
