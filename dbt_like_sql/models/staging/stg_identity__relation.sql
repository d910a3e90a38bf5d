with

final as (
    select
        one_id,
        other_one_id,
        other_key,
        relation,
        n,
        first_at,
        last_at,
        source
    from {{ source('identity', 'relation') }}
)

select * from final
