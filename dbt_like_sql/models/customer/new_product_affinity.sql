with

as_of as (
    select * from {{ ref('int_as_of') }}
),

lines as (
    select
        lines.one_id,
        lines.ordered_date,
        line_product.product as article
    from {{ ref('order_lines') }} as lines
    inner join {{ ref('int_line_product') }} as line_product
        on lines.order_key = line_product.order_key
        and lines.line_no = line_product.line_no
    where lines.is_valid and not lines.is_gift and line_product.product is not null
),

listed as (
    select
        product_code as article,
        launched_date
    from {{ ref('product') }}
    where launched_date is not null
),

first_sold as (
    select
        article,
        min(ordered_date) as first_date
    from lines
    group by article
),

begun as (
    select min(ordered_date) as first_date from lines
),

-- An article that no list dates was launched when it was first sold, unless the files begin with it.
launched as (
    select
        first_sold.article,
        coalesce(
            listed.launched_date,
            case when first_sold.first_date > begun.first_date + 90 then first_sold.first_date end,
            begun.first_date - 365
        ) as launched_date
    from first_sold
    cross join begun
    left join listed on first_sold.article = listed.article
),

judged as (
    select
        lines.one_id,
        lines.ordered_date,
        lines.ordered_date < launched.launched_date + 90 as is_new
    from lines
    inner join launched on lines.article = launched.article
    cross join as_of
    where lines.one_id is not null and lines.ordered_date > as_of.as_of_date - 730
),

counted as (
    select
        one_id,
        count(*) as n_lines,
        count(*) filter (where is_new) as n_new_lines,
        max(ordered_date) filter (where is_new) as last_new_date
    from judged
    group by one_id
),

shrunk as (
    select
        *,
        sum(n_new_lines) over () / sum(n_lines) over () as base_share,
        (n_new_lines + 5 * sum(n_new_lines) over () / sum(n_lines) over ()) / (n_lines + 5) as new_share
    from counted
),

final as (
    select
        one_id,
        n_lines,
        n_new_lines,
        last_new_date,
        round(base_share, 4) as base_share,
        round(new_share, 4) as new_share,
        round(new_share / nullif(base_share, 0), 4) as lift,
        case
            when n_lines < 3 or base_share = 0 then null
            when new_share >= 1.5 * base_share then 'early'
            when new_share <= 0.7 * base_share then 'late'
            else 'usual'
        end as affinity
    from shrunk
)

select * from final
