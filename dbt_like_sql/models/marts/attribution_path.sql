with

as_of as (
    select * from {{ ref('int_as_of') }}
),

journey as (
    select * from {{ ref('int_attribution_journey') }}
),

final as (
    select
        journey.path,
        len(string_split(journey.path, ' > ')) as n_steps,
        cast(sum(journey.n_conversions) as bigint) as n_conversions,
        cast(sum(journey.n_non_conversions) as bigint) as n_non_conversions,
        round(sum(journey.n_conversions) / sum(journey.n_conversions + journey.n_non_conversions), 4) as conversion_rate,
        round(sum(journey.net_amount_cny), 2) as net_amount_cny
    from journey
    cross join as_of
    where journey.journey_month > as_of.as_of_date - 365
    group by journey.path
    qualify row_number() over (
        order by sum(journey.n_conversions) desc, sum(journey.n_non_conversions) desc, journey.path
    ) <= 1000
)

select * from final
