with

lines as (
    select * from {{ ref('order_lines') }}
),

codes as (
    select
        title,
        sku,
        count(*) as n_lines
    from lines
    where title is not null and sku is not null
    group by title, sku
    qualify row_number() over (partition by title order by n_lines desc, sku) = 1
),

final as (
    select
        lines.order_key,
        lines.line_no,
        case
            when lines.sku is not null then lines.sku
            when not contains(lines.title, ';') then coalesce(codes.sku, lines.title)
        end as product
    from lines
    left join codes on lines.title = codes.title
)

select * from final
