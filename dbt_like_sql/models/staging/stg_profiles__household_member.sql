with

final as (
    select
        household_id,
        one_id,
        n_members
    from {{ source('profiles', 'household_member') }}
)

select * from final
