{{ config(materialized='table') }}

with

as_of as (
    select * from {{ ref('int_as_of') }}
),

span as (
    select * from {{ ref('int_person_contact_span') }}
),

final as (
    select distinct span.one_id, span.channel
    from span
    cross join as_of
    where as_of.as_of_date between span.known_date and span.last_date
)

select * from final
