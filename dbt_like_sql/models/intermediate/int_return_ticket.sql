{{ config(materialized='table') }}

with

orders as (
    select * from {{ ref('orders') }}
),

order_lines as (
    select * from {{ ref('order_lines') }}
),

skus as (
    select distinct order_key, sku
    from order_lines
    where sku is not null and not is_gift
),

given_back as (
    select
        order_key,
        source,
        store_code,
        one_id,
        ordered_at,
        ordered_date,
        -net_amount_cny as return_amount_cny
    from orders
    where is_return and net_amount_cny < 0
),

sold as (
    select
        order_key,
        source,
        store_code,
        one_id,
        ordered_at,
        ordered_date,
        net_amount_cny
    from orders
    where is_paid and net_amount_cny > 0
),

given_back_sku as (
    select
        given_back.*,
        skus.sku
    from given_back
    inner join skus on given_back.order_key = skus.order_key
),

sold_sku as (
    select
        sold.*,
        skus.sku
    from sold
    inner join skus on sold.order_key = skus.order_key
),

-- A ticket that gives goods back does not say which it undoes: an order of the same person, ...
of_person as (
    select
        given_back.order_key as return_order_key,
        sold.order_key,
        true as is_person,
        false as is_sku
    from given_back
    inner join sold
        on given_back.one_id = sold.one_id
        and given_back.ordered_at >= sold.ordered_at
),

-- ... or one of nobody known, in the same store and of the same article, in the half year before.
of_store as (
    select distinct
        given_back_sku.order_key as return_order_key,
        sold_sku.order_key,
        given_back_sku.one_id is not null and given_back_sku.one_id = sold_sku.one_id as is_person,
        true as is_sku
    from given_back_sku
    inner join sold_sku
        on given_back_sku.sku = sold_sku.sku
        and given_back_sku.source = sold_sku.source
        and given_back_sku.store_code = sold_sku.store_code
        and given_back_sku.ordered_at >= sold_sku.ordered_at
        and given_back_sku.ordered_date <= sold_sku.ordered_date + 180
    where given_back_sku.one_id is null or sold_sku.one_id is null or given_back_sku.one_id = sold_sku.one_id
),

candidates as (
    select
        return_order_key,
        order_key,
        bool_or(is_person) as is_person,
        bool_or(is_sku) as is_sku
    from (select * from of_person union all select * from of_store) as found
    group by return_order_key, order_key
),

final as (
    select
        given_back.order_key as return_order_key,
        sold.order_key,
        given_back.ordered_date as return_date,
        given_back.return_amount_cny
    from candidates
    inner join given_back on candidates.return_order_key = given_back.order_key
    inner join sold on candidates.order_key = sold.order_key
    -- of several the person's own, of the article, worth as much, the latest
    qualify row_number() over (
        partition by given_back.order_key
        order by
            candidates.is_person desc,
            candidates.is_sku desc,
            sold.net_amount_cny >= given_back.return_amount_cny desc,
            sold.ordered_at desc,
            sold.order_key
    ) = 1
)

select * from final
