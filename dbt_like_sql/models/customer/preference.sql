with

as_of as (
    select * from {{ ref('int_as_of') }}
),

orders as (
    select
        *,
        extract(hour from timezone('{{ var("time_zone") }}', timezone('UTC', ordered_at))) as local_hour
    from {{ ref('orders') }}
    where is_valid and one_id is not null
),

told as (
    select
        one_id,
        'category' as dimension,
        category as value,
        purchase_date as day,
        net_amount_cny
    from {{ ref('category_purchase_day') }}
    union all
    select
        one_id,
        'channel',
        channel,
        ordered_date,
        net_amount_cny
    from orders
    union all
    select
        one_id,
        'store',
        store_code,
        ordered_date,
        net_amount_cny
    from orders
    where channel = 'store'
    union all
    select
        one_id,
        'time_of_day',
        case
            when local_hour < 6 then 'night'
            when local_hour < 11 then 'morning'
            when local_hour < 14 then 'noon'
            when local_hour < 18 then 'afternoon'
            else 'evening'
        end,
        ordered_date,
        net_amount_cny
    from orders
    union all
    select
        one_id,
        'weekday',
        case when isodow(ordered_date) >= 6 then 'weekend' else 'workday' end,
        ordered_date,
        net_amount_cny
    from orders
),

by_day as (
    select
        told.one_id,
        told.dimension,
        told.value,
        told.day,
        date_diff('day', told.day, as_of.as_of_date) as age_days,
        round(sum(coalesce(told.net_amount_cny, 0)), 2) as net_amount_cny
    from told
    cross join as_of
    where told.value is not null and told.day > as_of.as_of_date - 365
    group by all
),

windowed as (
    select
        one_id,
        dimension,
        value,
        unnest([30, 90, 365]) as window_days,
        unnest(
            [count(*) filter (where age_days < 30), count(*) filter (where age_days < 90), count(*)]
        ) as n_purchase_days,
        unnest(
            [
                sum(net_amount_cny) filter (where age_days < 30),
                sum(net_amount_cny) filter (where age_days < 90),
                sum(net_amount_cny)
            ]
        ) as net_amount_cny
    from by_day
    group by one_id, dimension, value
),

ranked as (
    select
        *,
        sum(n_purchase_days) over (partition by one_id, dimension, window_days) as n_days_in_dimension,
        row_number() over (
            partition by one_id, dimension, window_days
            order by n_purchase_days desc, round(net_amount_cny, 2) desc, value
        ) as preference_rank
    from windowed
    where n_purchase_days > 0
),

final as (
    select
        one_id,
        dimension,
        cast(window_days as bigint) as window_days,
        preference_rank,
        value,
        n_purchase_days,
        cast(n_days_in_dimension as bigint) as n_days_in_dimension,
        round(n_purchase_days / n_days_in_dimension, 4) as share,
        round(net_amount_cny, 2) as net_amount_cny
    from ranked
    where preference_rank <= 3
)

select * from final
