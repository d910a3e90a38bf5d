with

members as (
    select * from {{ ref('stg_profiles__household_member') }}
),

people as (
    select * from {{ ref('stg_identity__one_id') }}
    where status = 'active'
),

final as (
    select
        members.household_id,
        members.one_id,
        members.n_members
    from members
    inner join people on members.one_id = people.one_id
)

select * from final
