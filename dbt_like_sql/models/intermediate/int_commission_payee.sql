{{ config(materialized='table') }}

with

orders as (
    select * from {{ ref('orders') }}
    where is_paid and net_amount_cny is not null
),

rule as (
    select distinct payee, payee_level
    from {{ ref('commission_rule') }}
),

sale as (
    select * from {{ ref('int_sale') }}
),

people as (
    select * from {{ ref('int_record_people') }}
),

bringer as (
    select * from {{ ref('int_bringer') }}
),

staff as (
    select * from {{ ref('staff') }}
),

partner as (
    select * from {{ ref('partner') }}
),

referral as (
    select one_id, payee_id, brought_at
    from bringer
    where payee = 'referrer'
),

-- Whom the order names comes before who once brought its buyer.
staff_1 as (
    select order_key, one_id, ordered_at, ordered_date, coalesce(staff_code, bringing_staff_code) as payee_id
    from sale
    where is_paid and coalesce(staff_code, bringing_staff_code) is not null
),

staff_chain as (
    select
        staff_1.order_key,
        staff_1.ordered_date,
        staff_1.payee_id as id_1,
        first.leader_code as id_2,
        second.leader_code as id_3
    from staff_1
    left join staff as first on staff_1.payee_id = first.staff_code
    left join staff as second on first.leader_code = second.staff_code
),

partner_chain as (
    select
        sale.order_key,
        sale.ordered_date,
        sale.partner_code as id_1,
        first.parent_code as id_2,
        second.parent_code as id_3
    from sale
    left join partner as first on sale.partner_code = first.partner_code
    left join partner as second on first.parent_code = second.partner_code
    where sale.is_paid and sale.partner_code is not null
),

referrer_1 as (
    select
        orders.order_key,
        orders.one_id,
        orders.ordered_at,
        orders.ordered_date,
        coalesce(
            case when people.referrer_one_id <> orders.one_id then people.referrer_one_id end,
            case when referral.brought_at <= orders.ordered_at then referral.payee_id end
        ) as payee_id
    from orders
    left join people on orders.record_id = people.record_id
    left join referral on orders.one_id = referral.one_id
    where orders.one_id is not null
),

referrer_chain as (
    select
        referrer_1.order_key,
        referrer_1.one_id,
        referrer_1.ordered_date,
        referrer_1.payee_id as id_1,
        case when first.brought_at <= referrer_1.ordered_at then first.payee_id end as id_2,
        case when first.brought_at <= referrer_1.ordered_at and second.brought_at <= referrer_1.ordered_at then second.payee_id end as id_3
    from referrer_1
    left join referral as first on referrer_1.payee_id = first.one_id
    left join referral as second on first.payee_id = second.one_id
    where referrer_1.payee_id is not null
),

-- a circle of leaders or referrers pays nobody twice, and nobody for their own order
levels as (
    select order_key, ordered_date, 'staff' as payee, 1 as payee_level, id_1 as payee_id from staff_chain
    union all
    select order_key, ordered_date, 'staff' as payee, 2 as payee_level, id_2 as payee_id from staff_chain
    where id_2 <> id_1
    union all
    select order_key, ordered_date, 'staff' as payee, 3 as payee_level, id_3 as payee_id from staff_chain
    where id_3 <> id_1 and id_3 <> id_2
    union all
    select order_key, ordered_date, 'partner' as payee, 1 as payee_level, id_1 as payee_id from partner_chain
    union all
    select order_key, ordered_date, 'partner' as payee, 2 as payee_level, id_2 as payee_id from partner_chain
    where id_2 <> id_1
    union all
    select order_key, ordered_date, 'partner' as payee, 3 as payee_level, id_3 as payee_id from partner_chain
    where id_3 <> id_1 and id_3 <> id_2
    union all
    select order_key, ordered_date, 'referrer' as payee, 1 as payee_level, id_1 as payee_id from referrer_chain
    union all
    select order_key, ordered_date, 'referrer' as payee, 2 as payee_level, id_2 as payee_id from referrer_chain
    where id_2 <> id_1 and id_2 <> one_id
    union all
    select order_key, ordered_date, 'referrer' as payee, 3 as payee_level, id_3 as payee_id from referrer_chain
    where id_3 <> id_1 and id_3 <> id_2 and id_3 <> one_id
),

-- Who had left by the day of the order gets nothing, and nobody in their place.
final as (
    select
        levels.order_key || '#' || levels.payee || '#' || levels.payee_level as order_payee_id,
        levels.order_key,
        levels.payee,
        cast(levels.payee_level as bigint) as payee_level,
        levels.payee_id
    from levels
    inner join rule on levels.payee = rule.payee and levels.payee_level = rule.payee_level
    left join staff on levels.payee = 'staff' and levels.payee_id = staff.staff_code
    left join partner on levels.payee = 'partner' and levels.payee_id = partner.partner_code
    where
        levels.payee_id is not null
        and coalesce(staff.left_date, levels.ordered_date) >= levels.ordered_date
        and coalesce(partner.ended_date, levels.ordered_date) >= levels.ordered_date
)

select * from final
