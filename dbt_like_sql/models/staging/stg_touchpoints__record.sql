with

final as (
    select
        record_id,
        source,
        account,
        record_type,
        natural_key,
        version_at,
        first_seen_at,
        n_versions,
        occurred_at
    from {{ source('touchpoints', 'record') }}
)

select * from final
