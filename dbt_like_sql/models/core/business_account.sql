with

as_of as (
    select * from {{ ref('int_as_of') }}
),

telling as (
    select * from {{ ref('int_business_telling') }}
),

record_map as (
    select * from {{ ref('stg_identity__record_map') }}
),

orders as (
    select * from {{ ref('orders') }}
),

told as (
    select
        telling.*,
        record_map.one_id
    from telling
    left join record_map on telling.record_id = record_map.record_id and telling.role = record_map.role
    where telling.told_at < (select ends_at from as_of)
),

bought as (
    select
        named.business_id,
        count(*) as n_orders,
        sum(orders.net_amount_cny) as net_amount_cny
    from (select distinct business_id, order_key from told where order_key is not null) as named
    inner join orders on named.order_key = orders.order_key
    where orders.is_valid
    group by named.business_id
),

accounts as (
    select
        business_id,
        min(kind) as kind,
        arg_max(business_name, (told_at, record_id)) filter (where business_name is not null) as business_name,
        min(case key_type when 'tax_no' then 1 when 'number' then 2 else 3 end) as key_rank,
        count(distinct one_id) as n_people,
        count(distinct record_id) as n_records,
        min(told_at) as first_told_at,
        max(told_at) as last_told_at
    from told
    group by business_id
),

final as (
    select
        accounts.business_id,
        accounts.kind,
        case accounts.kind when 'company' then 'big_b' else 'small_b' end as size,
        accounts.business_name,
        case accounts.key_rank when 1 then 'tax_no' when 2 then 'number' else 'name' end as key_type,
        accounts.n_people,
        accounts.n_records,
        coalesce(bought.n_orders, 0) as n_orders,
        coalesce(bought.net_amount_cny, 0.0) as net_amount_cny,
        accounts.first_told_at,
        accounts.last_told_at
    from accounts
    left join bought on accounts.business_id = bought.business_id
)

select * from final
