with

record_map as (
    select * from {{ ref('stg_identity__record_map') }}
),

memberships as (
    select distinct one_id, source
    from record_map
),

sizes as (
    select
        source,
        count(*) as n_people
    from memberships
    group by source
),

shared as (
    select
        one.source,
        other.source as other_source,
        count(*) as n_both
    from memberships as one
    inner join memberships as other on one.one_id = other.one_id
    group by one.source, other.source
),

final as (
    select
        sizes.source,
        others.source as other_source,
        sizes.n_people,
        coalesce(shared.n_both, 0) as n_both,
        round(coalesce(shared.n_both, 0) / sizes.n_people, 4) as overlap_share
    from sizes
    cross join sizes as others
    left join shared
        on sizes.source = shared.source
        and others.source = shared.other_source
)

select * from final
