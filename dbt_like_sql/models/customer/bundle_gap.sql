with

bundle as (
    select * from {{ ref('stg_profiles__category_bundle') }}
),

durable as (
    select * from {{ ref('stg_profiles__durable') }}
),

bought as (
    select distinct
        one_id,
        category
    from {{ ref('category_purchase_day') }}
),

household as (
    select * from {{ ref('household_member') }}
),

-- what the person or anybody at home has
had as (
    select
        one_id,
        category
    from bought
    union
    select
        household.one_id,
        bought.category
    from household
    inner join household as other on household.household_id = other.household_id
    inner join bought on other.one_id = bought.one_id
),

owners as (
    select
        bundle.category,
        bundle.goes_with,
        count(*) as n_owners,
        count(had.one_id) as n_attached
    from bundle
    inner join durable on bundle.category = durable.category
    left join had on durable.one_id = had.one_id and bundle.goes_with = had.category
    group by bundle.category, bundle.goes_with
),

gaps as (
    select
        durable.one_id,
        durable.category,
        owners.goes_with as missing_category,
        durable.last_purchase_date as owned_since_date,
        owners.n_owners,
        owners.n_attached / owners.n_owners as attach_rate
    from durable
    inner join owners on durable.category = owners.category
    left join had on durable.one_id = had.one_id and owners.goes_with = had.category
    where had.one_id is null
),

final as (
    select
        one_id,
        category,
        missing_category,
        owned_since_date,
        n_owners,
        round(attach_rate, 4) as attach_rate,
        row_number() over (
            partition by one_id order by attach_rate desc, owned_since_date desc, category, missing_category
        ) as gap_rank
    from gaps
)

select * from final
