with

as_of as (
    select * from {{ ref('int_as_of') }}
),

device as (
    select * from {{ ref('stg_touchpoints__device') }}
),

record_map as (
    select * from {{ ref('stg_identity__record_map') }}
),

told as (
    select
        device.*,
        record_map.one_id
    from device
    left join record_map on device.record_id = record_map.record_id and device.role = record_map.role
    where device.told_at < (select ends_at from as_of)
),

final as (
    select
        device_id,
        -- whoever had it last; machines are given on and sold
        arg_max(one_id, (told_at, record_id)) filter (where one_id is not null) as one_id,
        arg_max(model, (told_at, record_id)) filter (where model is not null) as model,
        min(bought_at) as bought_at,
        min(installed_at) as installed_at,
        max(warranty_until_date) as warranty_until_date,
        count(distinct repaired_at) as n_repairs,
        max(repaired_at) as last_repaired_at,
        arg_min(order_key, (told_at, record_id)) filter (where order_key is not null) as order_key,
        count(distinct one_id) as n_people,
        bool_or(told_by = 'order') as is_told_by_order,
        bool_or(told_by = 'scan') as is_told_by_scan,
        bool_or(told_by = 'work_order') as is_told_by_work_order,
        min(told_at) as first_told_at,
        max(told_at) as last_told_at
    from told
    group by device_id
)

select * from final
