-- every model gives away each month's conversions and their revenue, no more and no less
with

credited as (
    select
        model,
        conversion_month,
        round(sum(conversions), 4) as conversions,
        round(sum(net_amount_cny), 2) as net_amount_cny
    from {{ ref('attribution') }}
    group by model, conversion_month
),

ordered as (
    select
        cast(date_trunc('month', ordered_date) as date) as conversion_month,
        count(*) as conversions,
        round(sum(coalesce(net_amount_cny, 0)), 2) as net_amount_cny
    from {{ ref('orders') }}
    where is_valid and one_id is not null
    group by 1
)

select
    credited.model,
    credited.conversion_month,
    credited.conversions,
    ordered.conversions as n_orders
from credited
left join ordered on credited.conversion_month = ordered.conversion_month
where
    ordered.conversion_month is null
    or abs(credited.conversions - ordered.conversions) > 0.0001
    or abs(credited.net_amount_cny - ordered.net_amount_cny) > 0.01
