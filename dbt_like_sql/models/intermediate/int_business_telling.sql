with

account as (
    select * from {{ ref('stg_touchpoints__business_account') }}
),

-- a company that is named without its number is the one numbered company of that name
numbered as (
    select
        name_key,
        min(business_id) as business_id
    from account
    where key_type <> 'name' and name_key is not null
    group by name_key
    having count(distinct business_id) = 1
),

final as (
    select
        account.business_id || '#' || account.record_id || '#' || coalesce(account.role, '') as telling_id,
        account.business_id as told_business_id,
        account.record_id,
        account.role,
        account.kind,
        account.key_type,
        account.business_name,
        account.name_key,
        account.order_key,
        account.told_at,
        coalesce(case when account.key_type = 'name' then numbered.business_id end, account.business_id) as business_id
    from account
    left join numbered on account.name_key = numbered.name_key
)

select * from final
