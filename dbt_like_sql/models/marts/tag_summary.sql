with

people as (
    select count(*) as n_known
    from {{ ref('stg_identity__one_id') }}
    where status = 'active'
),

tag as (
    select * from {{ ref('stg_profiles__tag') }}
),

catalogue as (
    select * from {{ ref('stg_profiles__tag_catalogue') }}
),

final as (
    select
        tag.tag,
        tag.value,
        catalogue.kind,
        catalogue.label_zh,
        catalogue.label_en,
        count(distinct tag.one_id) as n_people,
        round(count(distinct tag.one_id) / any_value(people.n_known), 4) as people_share
    from tag
    cross join people
    left join catalogue on tag.tag = catalogue.tag
    group by tag.tag, tag.value, catalogue.kind, catalogue.label_zh, catalogue.label_en
)

select * from final
