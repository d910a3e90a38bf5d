with

final as (
    select
        record_id,
        holiday_date,
        "name" as holiday_name,
        kind as holiday_kind,
        is_workday,
        source,
        account,
        version_at as told_at
    from {{ source('touchpoints', 'holiday') }}
)

select * from final
