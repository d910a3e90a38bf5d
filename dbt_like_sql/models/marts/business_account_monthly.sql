with

as_of as (
    select * from {{ ref('int_as_of') }}
),

telling as (
    select * from {{ ref('int_business_telling') }}
),

record_map as (
    select * from {{ ref('stg_identity__record_map') }}
),

business_account as (
    select * from {{ ref('business_account') }}
),

sale as (
    select * from {{ ref('int_sale') }}
),

threshold as (
    select * from {{ ref('stg_profiles__stage_threshold') }}
    where scope = 'all'
),

told as (
    select
        telling.business_id,
        telling.order_key,
        cast(timezone('{{ var("time_zone") }}', timezone('UTC', telling.told_at)) as date) as told_date,
        record_map.one_id
    from telling
    left join record_map on telling.record_id = record_map.record_id and telling.role = record_map.role
    where telling.told_at < (select ends_at from as_of)
),

bought as (
    select
        named.business_id,
        sale.order_key,
        sale.ordered_date,
        sale.sale_month,
        sale.is_valid,
        sale.net_amount_cny
    from (select distinct business_id, order_key from told where order_key is not null) as named
    inner join sale on named.order_key = sale.order_key
),

began as (
    select
        business_id,
        min(day) as first_date
    from (
        select business_id, told_date as day from told
        union all
        select business_id, ordered_date as day from bought
    ) as days
    group by business_id
),

-- from the month in which an account is first told of to that of the as-of day
grid as (
    select
        began.business_id,
        cast(unnest(generate_series(
            date_trunc('month', began.first_date), date_trunc('month', as_of.as_of_date), interval 1 month
        )) as date) as month_start_date
    from began
    cross join as_of
),

monthly as (
    select
        business_id,
        sale_month,
        count(*) filter (where is_valid) as n_orders,
        sum(net_amount_cny) as net_amount_cny,
        min(ordered_date) filter (where is_valid) as first_date,
        max(ordered_date) filter (where is_valid) as last_date
    from bought
    group by business_id, sale_month
),

acted as (
    select
        business_id,
        cast(date_trunc('month', told_date) as date) as told_month,
        count(distinct one_id) as n_people
    from told
    group by business_id, cast(date_trunc('month', told_date) as date)
),

brand as (
    select
        sale_month,
        sum(net_amount_cny) as net_amount_cny
    from sale
    group by sale_month
),

running as (
    select
        grid.business_id,
        grid.month_start_date,
        coalesce(monthly.n_orders, 0) as n_orders,
        coalesce(monthly.net_amount_cny, 0) as net_amount_cny,
        coalesce(acted.n_people, 0) as n_people,
        brand.net_amount_cny as brand_amount_cny,
        min(monthly.first_date) over account_so_far as first_order_date,
        max(monthly.last_date) over account_so_far as last_order_date,
        sum(coalesce(monthly.n_orders, 0)) over account_so_far as n_orders_to_date,
        sum(coalesce(monthly.net_amount_cny, 0)) over account_so_far as net_amount_to_date_cny
    from grid
    left join monthly on grid.business_id = monthly.business_id and grid.month_start_date = monthly.sale_month
    left join acted on grid.business_id = acted.business_id and grid.month_start_date = acted.told_month
    left join brand on grid.month_start_date = brand.sale_month
    window account_so_far as (partition by grid.business_id order by grid.month_start_date)
),

aged as (
    select
        running.*,
        date_diff('day', running.last_order_date, least(last_day(running.month_start_date), as_of.as_of_date)) as recency_days,
        date_diff('day', running.first_order_date, least(last_day(running.month_start_date), as_of.as_of_date)) as age_days
    from running
    cross join as_of
),

final as (
    select
        aged.business_id || '#' || aged.month_start_date as business_month_id,
        aged.business_id,
        aged.month_start_date,
        business_account.kind,
        business_account.size,
        business_account.business_name,
        aged.n_orders,
        round(aged.net_amount_cny, 2) as net_amount_cny,
        round(aged.net_amount_cny / nullif(aged.brand_amount_cny, 0), 4) as net_share,
        aged.n_people,
        cast(aged.n_orders_to_date as bigint) as n_orders_to_date,
        round(aged.net_amount_to_date_cny, 2) as net_amount_to_date_cny,
        aged.first_order_date,
        aged.last_order_date,
        aged.recency_days,
        case
            when aged.last_order_date is null then 'potential'
            when aged.recency_days > 2 * threshold.q95_days then 'churned'
            when aged.recency_days > threshold.q95_days then 'silent'
            when aged.recency_days > threshold.q80_days then 'at_risk'
            when aged.age_days <= threshold.q80_days then 'new'
            else 'active'
        end as account_stage
    from aged
    cross join threshold
    inner join business_account on aged.business_id = business_account.business_id
)

select * from final
