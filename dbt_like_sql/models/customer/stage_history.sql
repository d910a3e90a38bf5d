with

as_of as (
    select * from {{ ref('int_as_of') }}
),

people as (
    select * from {{ ref('stg_identity__one_id') }}
    where status = 'active'
),

span as (
    select * from {{ ref('int_purchase_span') }}
    where one_id in (select one_id from people)
),

band as (
    select * from {{ ref('stg_profiles__stage_band') }}
),

won_back as (
    select * from {{ ref('stg_profiles__won_back_band') }}
),

contact as (
    select
        one_id,
        case when known_date = date '0001-01-01' then as_of_date else known_date end as known_date,
        last_date
    from {{ ref('int_person_contact_span') }}
    cross join as_of
    where one_id in (select one_id from people)
),

-- each purchase's days, cut where a threshold moves past them
banded as (
    select
        span.one_id,
        span.scope,
        span.category,
        span.n_purchases,
        span.last_gap_days,
        band.band,
        greatest(span.valid_from, band.valid_from) as valid_from,
        least(span.valid_to, band.valid_to) as valid_to
    from span
    inner join band
        on span.scope = band.scope
        and span.category = band.category
        and span.last_purchase_date = band.last_purchase_date
        and span.valid_from <= band.valid_to
        and span.valid_to >= band.valid_from
),

recent as (
    select
        banded.one_id,
        banded.scope,
        banded.category,
        case
            when won_back.is_won_back then 'won_back'
            when banded.n_purchases = 1 then 'new'
            when banded.n_purchases = 2 then 'repeat'
            else 'active'
        end as stage,
        greatest(banded.valid_from, won_back.valid_from) as valid_from,
        least(banded.valid_to, won_back.valid_to) as valid_to
    from banded
    left join won_back
        on banded.scope = won_back.scope
        and banded.category = won_back.category
        and banded.last_gap_days = won_back.last_gap_days
        and banded.valid_from <= won_back.valid_to
        and banded.valid_to >= won_back.valid_from
    where banded.band = 'recent'
),

-- days on which a person had bought nothing yet, or nothing that was kept
unbought as (
    select one_id, valid_from, valid_to
    from span
    where scope = 'all' and n_purchases = 0
    union all
    select one_id, date '0001-01-01' as valid_from, min(valid_from) - 1 as valid_to
    from span
    where scope = 'all'
    group by one_id
    union all
    select people.one_id, date '0001-01-01' as valid_from, as_of.as_of_date as valid_to
    from people
    cross join as_of
    where people.one_id not in (select one_id from span where scope = 'all')
),

potential as (
    select
        unbought.one_id,
        'all' as scope,
        'all' as category,
        'potential' as stage,
        greatest(unbought.valid_from, contact.known_date) as valid_from,
        least(unbought.valid_to, contact.last_date) as valid_to
    from unbought
    inner join contact
        on unbought.one_id = contact.one_id
        and unbought.valid_to >= contact.known_date
        and unbought.valid_from <= contact.last_date
    where contact.last_date >= contact.known_date
),

staged as (
    select one_id, scope, category, band as stage, valid_from, valid_to from banded where band <> 'recent'
    union all
    select one_id, scope, category, stage, valid_from, valid_to from recent
    union all
    select one_id, scope, category, stage, valid_from, valid_to from potential
),

-- spans of one stage that touch or overlap (two contacts) are one
marked as (
    select
        *,
        valid_from > max(valid_to) over (
            partition by one_id, scope, category, stage order by valid_from, valid_to
            rows between unbounded preceding and 1 preceding
        ) + 1 as begins
    from staged
),

numbered as (
    select
        *,
        count(*) filter (where coalesce(begins, true)) over (
            partition by one_id, scope, category, stage order by valid_from, valid_to
            rows between unbounded preceding and current row
        ) as island
    from marked
),

joined as (
    select
        one_id,
        scope,
        category,
        stage,
        min(valid_from) as valid_from,
        max(valid_to) as valid_to
    from numbered
    group by one_id, scope, category, stage, island
),

final as (
    select
        joined.one_id,
        joined.scope,
        joined.category,
        joined.stage,
        case joined.stage
            when 'potential' then '潜在'
            when 'churned' then '流失'
            when 'silent' then '沉默'
            when 'at_risk' then '预警'
            when 'won_back' then '召回'
            when 'new' then '新客'
            when 'repeat' then '复购'
            when 'active' then '活跃'
        end as stage_zh,
        joined.valid_from,
        case when joined.valid_to < as_of.as_of_date then joined.valid_to end as valid_to
    from joined
    cross join as_of
    order by joined.one_id, joined.scope, joined.category, joined.valid_from
)

select * from final
