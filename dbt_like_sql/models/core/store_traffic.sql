with

as_of as (
    select * from {{ ref('int_as_of') }}
),

told as (
    select * from {{ ref('stg_touchpoints__store_traffic') }}
),

final as (
    select
        traffic_id,
        store_code,
        traffic_date,
        traffic_hour,
        n_passed,
        n_entered,
        n_left
    from told
    where traffic_date <= (select as_of_date from as_of)
)

select * from final
