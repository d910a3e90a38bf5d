with

golden_field as (
    select * from {{ ref('stg_identity__golden_field') }}
),

region as (
    select * from {{ ref('stg_profiles__region') }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

pivoted as (
    select
        one_id,
        min(value) filter (where field = 'gender') as gender,
        -- a day of birth is personal, its year less so: whichever of the two identity publishes
        try_cast(left(min(value) filter (where field in ('birth_year', 'birth_date')), 4) as integer) as birth_year,
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
        pivoted.birth_year,
        case
            when pivoted.birth_year is null then null
            when year(as_of.as_of_date) - pivoted.birth_year < 18 then '0-17'
            when year(as_of.as_of_date) - pivoted.birth_year < 25 then '18-24'
            when year(as_of.as_of_date) - pivoted.birth_year < 35 then '25-34'
            when year(as_of.as_of_date) - pivoted.birth_year < 45 then '35-44'
            when year(as_of.as_of_date) - pivoted.birth_year < 55 then '45-54'
            when year(as_of.as_of_date) - pivoted.birth_year < 65 then '55-64'
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
    left join region as province on pivoted.province_code = province.code
    left join region as city on pivoted.city_code = city.code
    left join region as district on pivoted.district_code = district.code
)

select * from final
