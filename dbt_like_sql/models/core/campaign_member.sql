with

as_of as (
    select * from {{ ref('int_as_of') }}
),

told as (
    select * from {{ ref('stg_touchpoints__campaign_member') }}
),

people as (
    select * from {{ ref('int_record_people') }}
),

store as (
    select * from {{ ref('int_store_alias') }}
),

staff as (
    select * from {{ ref('int_staff_alias') }}
),

one_id as (
    select
        one_id as told_one_id,
        coalesce(merged_into, one_id) as one_id
    from {{ ref('stg_identity__one_id') }}
    where status in ('active', 'merged')
),

-- a OneID that the list names is meant; phone and card stand in where it names none, or one that nobody ever had
placed as (
    select
        told.record_id,
        told.campaign_code,
        coalesce(one_id.one_id, people.member_one_id) as one_id,
        told.arm,
        coalesce(told.is_holdout, false) as is_holdout,
        told.assigned_at,
        told.channel,
        told.unit_cost_amount * cast(case told.currency
            {% for currency, rate in var('fx').items() -%}
            when '{{ currency }}' then {{ rate }}
            {% endfor -%}
        end as double) as unit_cost_cny,
        coalesce(store.store_code, told.store_code) as store_code,
        coalesce(staff.staff_code, told.staff_code) as staff_code
    from told
    left join people on told.record_id = people.record_id
    left join one_id on told.told_one_id = one_id.told_one_id
    left join store on told.store_code = store.alias
    left join staff on told.staff_code = staff.alias
    where told.assigned_at < (select ends_at from as_of)
),

counted as (
    select
        *,
        min(arm) over person <> max(arm) over person as is_in_several_arms
    from placed
    where one_id is not null
    window person as (partition by campaign_code, one_id)
),

-- listed twice, as under two phones: the first assignment counts, of equal ones that in which something was sent
final as (
    select
        campaign_code,
        one_id,
        arm,
        is_holdout,
        assigned_at,
        channel,
        round(unit_cost_cny, 4) as unit_cost_cny,
        is_in_several_arms,
        store_code,
        staff_code
    from counted
    qualify row_number() over (
        partition by campaign_code, one_id order by assigned_at, is_holdout, arm, record_id
    ) = 1
)

select * from final
