with

golden_field as (
    select * from {{ ref('stg_identity__golden_field') }}
),

region as (
    select * from {{ ref('stg_profiles__region') }}
),

attribute as (
    select * from {{ ref('stg_touchpoints__attribute') }}
    where attribute = 'birth_date'
),

record_map as (
    select * from {{ ref('stg_identity__record_map') }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

-- The golden day of birth is personal and stays hidden; the record that it came from tells its year.
births as (
    select
        golden_field.one_id,
        min(cast(year(attribute.value_date) as integer)) as birth_year
    from golden_field
    inner join record_map
        on golden_field.record_id = record_map.record_id
        and golden_field.one_id = record_map.one_id
    inner join attribute
        on record_map.record_id = attribute.record_id
        and record_map.role = attribute.role
    where golden_field.field = 'birth_date'
    group by golden_field.one_id
),

pivoted as (
    select
        one_id,
        min(value) filter (where field = 'gender') as gender,
        min(value) filter (where field = 'province_code') as province_code,
        min(value) filter (where field = 'city_code') as city_code,
        min(value) filter (where field = 'district_code') as district_code,
        min(value) filter (where field = 'country') as country
    from golden_field
    group by one_id
),

final as (
    select
        pivoted.one_id,
        pivoted.gender,
        births.birth_year,
        case
            when births.birth_year is null then null
            when year(as_of.as_of_date) - births.birth_year < 18 then '0-17'
            when year(as_of.as_of_date) - births.birth_year < 25 then '18-24'
            when year(as_of.as_of_date) - births.birth_year < 35 then '25-34'
            when year(as_of.as_of_date) - births.birth_year < 45 then '35-44'
            when year(as_of.as_of_date) - births.birth_year < 55 then '45-54'
            when year(as_of.as_of_date) - births.birth_year < 65 then '55-64'
            else '65+'
        end as age_band,
        pivoted.province_code,
        province.name as province,
        pivoted.city_code,
        city.name as city,
        pivoted.district_code,
        district.name as district,
        pivoted.country
    from pivoted
    cross join as_of
    left join births on pivoted.one_id = births.one_id
    left join region as province on pivoted.province_code = province.code
    left join region as city on pivoted.city_code = city.code
    left join region as district on pivoted.district_code = district.code
)

select * from final
