{{ config(materialized='table') }}

with

as_of as (
    select * from {{ ref('int_as_of') }}
),

day_weight as (
    select * from {{ ref('int_day_weight') }}
),

-- Two stretches of what the value model expects, each spread by the seasonal weights of its days.
ahead as (
    select
        day_weight.day,
        day_weight.day_weight,
        day_weight.day - as_of.as_of_date as days_ahead,
        day_weight.day - as_of.as_of_date <= 90 as is_first_stretch
    from day_weight
    cross join as_of
    where day_weight.day > as_of.as_of_date
),

stretches as (
    select
        sum(day_weight) filter (where is_first_stretch) as first_weight,
        sum(day_weight) filter (where not is_first_stretch and days_ahead <= 365) as second_weight
    from ahead
),

-- beyond a year it goes on as in the second stretch
final as (
    select
        ahead.day,
        ahead.day_weight,
        case when ahead.is_first_stretch then ahead.day_weight / stretches.first_weight else 0 end as share_90d,
        case when ahead.is_first_stretch then 0 else ahead.day_weight / stretches.second_weight end as share_after_90d
    from ahead
    cross join stretches
)

select * from final
