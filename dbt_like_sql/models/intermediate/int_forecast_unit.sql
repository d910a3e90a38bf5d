{{ config(materialized='table') }}

with

as_of as (
    select * from {{ ref('int_as_of') }}
),

target_sale as (
    select * from {{ ref('int_target_sale') }}
),

purchase_day as (
    select * from {{ ref('purchase_day') }}
),

clv as (
    select * from {{ ref('stg_profiles__clv') }}
    where expected_order_value_cny is not null
),

day_weight as (
    select * from {{ ref('int_day_weight') }}
),

history as (
    select
        any_value(as_of.as_of_date) as as_of_date,
        -- the newest ninety days, or as many as there are
        cast(least(90, coalesce(any_value(as_of.as_of_date) - min(target_sale.ordered_date) + 1, 1)) as integer) as recent_days
    from as_of
    left join target_sale on true
),

recent_weight as (
    select sum(day_weight.day_weight) as recent_weight
    from day_weight
    cross join history
    where day_weight.day > history.as_of_date - history.recent_days and day_weight.day <= history.as_of_date
),

firsts as (
    select
        one_id,
        min(purchase_date) as first_date
    from purchase_day
    group by one_id
),

units as (
    select distinct target_level, unit_code from target_sale
),

recent as (
    select
        target_sale.target_level,
        target_sale.unit_code,
        sum(target_sale.net_amount_cny) as recent_cny,
        sum(target_sale.net_amount_cny) filter (where target_sale.one_id is null) as recent_anonymous_cny,
        sum(target_sale.net_amount_cny) filter (
            where firsts.first_date > history.as_of_date - history.recent_days
        ) as recent_new_cny
    from target_sale
    cross join history
    left join firsts on target_sale.one_id = firsts.one_id
    where target_sale.ordered_date > history.as_of_date - history.recent_days
    group by target_sale.target_level, target_sale.unit_code
),

-- A person's purchases to come go where theirs went so far.
spent as (
    select
        target_level,
        unit_code,
        one_id,
        sum(net_amount_cny) as spent_cny
    from target_sale
    where one_id is not null and is_valid and net_amount_cny > 0
    group by target_level, unit_code, one_id
),

wholes as (
    select
        one_id,
        spent_cny
    from spent
    where target_level = 'brand'
),

known as (
    select
        spent.target_level,
        spent.unit_code,
        sum(clv.expected_purchases_90d * spent.spent_cny / wholes.spent_cny) as purchases_90d,
        sum(clv.expected_purchases_365d * spent.spent_cny / wholes.spent_cny) as purchases_365d,
        sum(clv.expected_purchases_90d * clv.expected_order_value_cny * spent.spent_cny / wholes.spent_cny) as known_90d_cny,
        sum(clv.expected_purchases_365d * clv.expected_order_value_cny * spent.spent_cny / wholes.spent_cny) as known_365d_cny
    from spent
    inner join wholes on spent.one_id = wholes.one_id
    inner join clv on spent.one_id = clv.one_id
    group by spent.target_level, spent.unit_code
),

scored as (
    select count(*) > 0 as has_scores
    from clv
),

final as (
    select
        units.target_level || '#' || units.unit_code as forecast_unit_id,
        units.target_level,
        units.unit_code,
        scored.has_scores,
        coalesce(recent.recent_cny, 0) / recent_weight.recent_weight as run_rate_cny,
        coalesce(recent.recent_new_cny, 0) / recent_weight.recent_weight as new_rate_cny,
        coalesce(recent.recent_anonymous_cny, 0) / recent_weight.recent_weight as anonymous_rate_cny,
        coalesce(known.purchases_90d, 0) as purchases_90d,
        coalesce(known.purchases_365d, 0) as purchases_365d,
        coalesce(known.known_90d_cny, 0) as known_90d_cny,
        coalesce(known.known_365d_cny, 0) as known_365d_cny
    from units
    cross join recent_weight
    cross join scored
    left join recent on units.target_level = recent.target_level and units.unit_code = recent.unit_code
    left join known on units.target_level = known.target_level and units.unit_code = known.unit_code
)

select * from final
