with

order_lines as (
    select * from {{ ref('order_lines') }}
    where category is not null and not is_gift and is_valid and not is_return
),

basket as (
    select distinct
        'order' as scope,
        order_key as holder,
        category
    from order_lines
    union all
    select distinct
        'person' as scope,
        one_id as holder,
        category
    from {{ ref('category_purchase_day') }}
),

holders as (
    select
        scope,
        count(distinct holder) as n
    from basket
    group by scope
),

singles as (
    select
        scope,
        category,
        count(*) as n
    from basket
    group by scope, category
),

pairs as (
    select
        one.scope,
        one.category,
        other.category as other_category,
        count(*) as n_both
    from basket as one
    inner join basket as other
        on one.scope = other.scope
        and one.holder = other.holder
        and one.category <> other.category
    group by one.scope, one.category, other.category
),

final as (
    select
        pairs.scope,
        pairs.category,
        pairs.other_category,
        pairs.n_both,
        one.n as n_category,
        other.n as n_other_category,
        holders.n as n_all,
        round(pairs.n_both / holders.n, 6) as support,
        round(pairs.n_both / one.n, 4) as confidence,
        round(pairs.n_both * holders.n / (one.n * other.n), 4) as lift,
        pairs.n_both >= 30 and one.n * other.n / holders.n >= 5 as has_enough_data
    from pairs
    inner join singles as one on pairs.scope = one.scope and pairs.category = one.category
    inner join singles as other on pairs.scope = other.scope and pairs.other_category = other.category
    inner join holders on pairs.scope = holders.scope
)

select * from final
