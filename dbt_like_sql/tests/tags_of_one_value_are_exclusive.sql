-- Tiers, bands and picks are exclusive: of such a tag a person has one value.
with single as (
    select distinct tag
    from {{ ref('tag_summary') }}
    where kind in ('aggregate', 'first', 'last', 'percentile', 'tier_ladder', 'model_score')
)

select tag.one_id, tag.tag
from {{ ref('stg_profiles__tag') }} as tag
inner join single on tag.tag = single.tag
group by tag.one_id, tag.tag
having count(*) > 1
