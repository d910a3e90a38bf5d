with

as_of as (
    select * from {{ ref('int_as_of') }}
),

cycle as (
    select * from {{ ref('category_cycle') }}
),

durable as (
    select * from {{ ref('stg_profiles__durable') }}
),

lifecycle as (
    select
        one_id,
        stage
    from {{ ref('lifecycle') }}
    where n_purchases > 0
),

lines as (
    select
        lines.one_id,
        lines.order_key,
        lines.ordered_date,
        lines.category,
        lines.is_durable,
        lines.title,
        line_product.product
    from {{ ref('order_lines') }} as lines
    inner join {{ ref('int_line_product') }} as line_product
        on lines.order_key = line_product.order_key
        and lines.line_no = line_product.line_no
    where
        lines.is_valid
        and not lines.is_gift
        and lines.one_id is not null
        and lines.category is distinct from 'service'
        and (lines.line_amount is null or lines.net_line_amount_cny > 0)
        and line_product.product is not null
),

aged as (
    select
        lines.*,
        date_diff('day', lines.ordered_date, as_of.as_of_date) as age_days
    from lines
    cross join as_of
),

products as (
    select
        product,
        arg_max(title, (ordered_date, order_key)) as product_title,
        arg_max(category, (ordered_date, order_key)) as category,
        bool_or(is_durable) as is_durable,
        count(distinct one_id) filter (where age_days < 365) as n_buyers_365d
    from aged
    group by product
),

days as (
    select distinct
        one_id,
        product,
        ordered_date
    from lines
),

-- Own frequency: what is used up, each purchase worth half after one cycle of its category.
own as (
    select
        days.one_id,
        days.product,
        1 as tier,
        'bought_before' as reason,
        round(
            sum(pow(0.5, date_diff('day', days.ordered_date, as_of.as_of_date) / coalesce(cycle.cycle_days, 180.0))), 6
        ) as score
    from days
    inner join products on days.product = products.product
    left join cycle on products.category = cycle.category
    cross join as_of
    where not products.is_durable
    group by days.one_id, days.product
    qualify row_number() over (partition by days.one_id order by score desc, days.product) <= 5
),

-- The best-selling articles of the categories that go with what is owned.
leaders as (
    select
        category,
        product
    from products
    where category is not null and n_buyers_365d > 0
    qualify row_number() over (partition by category order by n_buyers_365d desc, product) = 1
),

attached as (
    select
        gap.one_id,
        leaders.product,
        2 as tier,
        'goes_with_owned' as reason,
        max(gap.attach_rate) as score
    from {{ ref('bundle_gap') }} as gap
    inner join leaders on gap.missing_category = leaders.category
    where gap.gap_rank <= 2
    group by gap.one_id, leaders.product
),

stage_size as (
    select
        lifecycle.stage,
        count(distinct days.one_id) as n_buyers
    from days
    inner join lifecycle on days.one_id = lifecycle.one_id
    cross join as_of
    where days.ordered_date > as_of.as_of_date - 730
    group by lifecycle.stage
),

popular_in_stage as (
    select
        lifecycle.stage,
        days.product,
        round(count(distinct days.one_id) / any_value(stage_size.n_buyers), 6) as score
    from days
    inner join lifecycle on days.one_id = lifecycle.one_id
    inner join stage_size on lifecycle.stage = stage_size.stage
    cross join as_of
    where days.ordered_date > as_of.as_of_date - 730
    group by lifecycle.stage, days.product
    qualify row_number() over (partition by lifecycle.stage order by score desc, days.product) <= 12
),

popular as (
    select
        lifecycle.one_id,
        popular_in_stage.product,
        3 as tier,
        'popular' as reason,
        popular_in_stage.score
    from lifecycle
    inner join popular_in_stage on lifecycle.stage = popular_in_stage.stage
),

offered as (
    select * from own
    union all
    select * from attached
    union all
    select * from popular
),

-- A durable that is owned and not yet in its window is no offer.
fitting as (
    select
        offered.*,
        products.product_title,
        products.category
    from offered
    inner join lifecycle on offered.one_id = lifecycle.one_id
    inner join products on offered.product = products.product
    left join durable
        on offered.one_id = durable.one_id
        and products.category = durable.category
        and durable.status = 'not_due'
    where durable.one_id is null
    qualify row_number() over (partition by offered.one_id, offered.product order by offered.tier) = 1
),

final as (
    select
        one_id,
        row_number() over (partition by one_id order by tier, score desc, product) as product_rank,
        product,
        product_title,
        category,
        reason,
        cast(score as double) as score
    from fitting
    qualify product_rank <= 5
)

select * from final
