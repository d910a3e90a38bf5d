with

final as (
    select
        record_id as traffic_id,
        store_code,
        traffic_date,
        "hour" as traffic_hour,
        n_passed,
        n_entered,
        n_left,
        source,
        account,
        version_at as told_at
    from {{ source('touchpoints', 'store_traffic') }}
)

select * from final
