with

final as (
    select
        one_id,
        status,
        merged_into,
        first_run,
        last_run,
        n_records
    from {{ source('identity', 'one_id') }}
)

select * from final
