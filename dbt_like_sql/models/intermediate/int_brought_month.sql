with

as_of as (
    select * from {{ ref('int_as_of') }}
),

bringer as (
    select * from {{ ref('int_bringer') }}
    where payee in ('staff', 'partner')
),

sale as (
    select * from {{ ref('int_sale') }}
    where is_purchase_day
),

joined as (
    select
        one_id,
        min(event_date) as member_date
    from {{ ref('events') }}
    where type = 'member_joined' and one_id is not null
    group by one_id
),

followed as (
    select
        bringer.one_id,
        bringer.payee,
        min(sale.ordered_date) as bought_date
    from bringer
    inner join sale on bringer.one_id = sale.one_id and sale.ordered_at >= bringer.brought_at
    group by bringer.one_id, bringer.payee
),

final as (
    select
        bringer.payee || '#' || bringer.payee_id || '#' || cast(date_trunc('month', bringer.brought_date) as date) as unit_month_id,
        bringer.payee as unit_kind,
        bringer.payee_id as unit_code,
        cast(date_trunc('month', bringer.brought_date) as date) as brought_month,
        count(*) as n_people_brought,
        count(joined.member_date) filter (where joined.member_date >= bringer.brought_date) as n_became_members,
        count(followed.bought_date) as n_converted,
        count(*) filter (where bringer.brought_date <= as_of.as_of_date - 90) as n_brought_90d,
        count(*) filter (
            where bringer.brought_date <= as_of.as_of_date - 90 and followed.bought_date <= bringer.brought_date + 90
        ) as n_converted_90d
    from bringer
    cross join as_of
    left join joined on bringer.one_id = joined.one_id
    left join followed on bringer.one_id = followed.one_id and bringer.payee = followed.payee
    group by bringer.payee, bringer.payee_id, cast(date_trunc('month', bringer.brought_date) as date)
)

select * from final
