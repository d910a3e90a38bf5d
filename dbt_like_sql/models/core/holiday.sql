with

told as (
    select * from {{ ref('stg_touchpoints__holiday') }}
),

final as (
    select
        holiday_date,
        coalesce(holiday_name, '-') as holiday_name,
        holiday_kind,
        is_workday
    from told
    -- of several lists that name it the newest counts
    qualify row_number() over (
        partition by holiday_date, coalesce(holiday_name, '-') order by told_at desc, record_id
    ) = 1
)

select * from final
