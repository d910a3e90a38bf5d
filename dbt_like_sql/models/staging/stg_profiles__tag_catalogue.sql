with

final as (
    select
        tag,
        kind,
        label_zh,
        label_en
    from {{ source('profiles', 'tag_catalogue') }}
)

select * from final
