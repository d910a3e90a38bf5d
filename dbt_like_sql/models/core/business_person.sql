with

as_of as (
    select * from {{ ref('int_as_of') }}
),

telling as (
    select * from {{ ref('int_business_telling') }}
),

record_map as (
    select * from {{ ref('stg_identity__record_map') }}
),

final as (
    select
        telling.business_id || '#' || record_map.one_id || '#' || telling.role as business_person_id,
        telling.business_id,
        record_map.one_id,
        telling.role,
        count(distinct telling.record_id) as n_records,
        min(telling.told_at) as first_told_at,
        max(telling.told_at) as last_told_at
    from telling
    inner join record_map on telling.record_id = record_map.record_id and telling.role = record_map.role
    where telling.told_at < (select ends_at from as_of)
    group by telling.business_id, record_map.one_id, telling.role
)

select * from final
