{{ config(materialized='table') }}

with

as_of as (
    select * from {{ ref('int_as_of') }}
),

people as (
    select * from {{ ref('int_record_people') }}
    where referrer_one_id is not null
),

record as (
    select * from {{ ref('stg_touchpoints__record') }}
),

-- what a file says of the second and third level follows from the first
indirect as (
    select distinct record_id
    from {{ ref('events') }}
    where type = 'referral' and subtype in ('2', '3')
),

told as (
    select
        people.referrer_one_id,
        coalesce(people.lead_one_id, people.one_id) as one_id,
        coalesce(record.occurred_at, record.first_seen_at) as brought_at
    from people
    inner join record on people.record_id = record.record_id
    left join indirect on people.record_id = indirect.record_id
    where indirect.record_id is null
),

-- whoever brought a person first has brought them
final as (
    select
        one_id,
        referrer_one_id,
        brought_at,
        cast(timezone('{{ var("time_zone") }}', timezone('UTC', brought_at)) as date) as brought_date
    from told
    cross join as_of
    where one_id is not null and one_id <> referrer_one_id and brought_at < as_of.ends_at
    qualify row_number() over (partition by one_id order by brought_at, referrer_one_id) = 1
)

select * from final
