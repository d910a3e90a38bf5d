with

final as (
    select
        date '{{ var("as_of") }}' as as_of_date,
        -- the first moment in UTC that no longer counts
        timezone(
            'UTC', timezone('{{ var("time_zone") }}', timestamp '{{ var("as_of") }} 00:00:00' + interval 1 day)
        ) as ends_at
)

select * from final
