with

orders as (
    select * from {{ ref('orders') }}
    where is_paid and paid_amount_cny > 0 and net_amount_cny is not null
),

payee as (
    select * from {{ ref('int_commission_payee') }}
),

rule as (
    select * from {{ ref('commission_rule') }}
),

share as (
    select * from {{ ref('int_order_share') }}
),

refund as (
    select * from {{ ref('int_order_refund') }}
),

-- The most specific rule wins: of the article, of its category, of everything; then the newest, then the last key.
-- A rule whose least amount the order does not reach is none of its rules.
matched as (
    select
        payee.order_key,
        payee.payee,
        payee.payee_level,
        payee.payee_id,
        share.line_no,
        share.line_paid_cents,
        share.refund_weight,
        share.whole_refund_weight,
        share.cost_cents,
        rule.rule_id
    from payee
    inner join orders on payee.order_key = orders.order_key
    inner join share on payee.order_key = share.order_key
    inner join rule
        on payee.payee = rule.payee
        and payee.payee_level = rule.payee_level
        and orders.ordered_date >= coalesce(rule.valid_from_date, orders.ordered_date)
        and orders.ordered_date <= coalesce(rule.valid_to_date, orders.ordered_date)
        and orders.paid_amount_cny >= coalesce(rule.min_amount, 0)
    where
        (rule.product_code is null or rule.product_code = share.product_code)
        and (
            rule.category is null
            or rule.category = share.product_category
            or rule.category = share.category_zh
            or rule.category = share.category
        )
    qualify row_number() over (
        partition by payee.order_key, payee.payee, payee.payee_level, share.line_no
        order by
            rule.product_code is not null desc,
            rule.category is not null desc,
            rule.valid_from_date desc nulls last,
            rule.rule_id desc
    ) = 1
),

-- What of an order a rule is applied to. An article without a known cost brings no profit that could be shared.
based as (
    select
        order_key,
        payee,
        payee_level,
        payee_id,
        rule_id,
        cast(sum(line_paid_cents) as bigint) as rule_paid_cents,
        cast(sum(greatest(line_paid_cents - coalesce(cost_cents, line_paid_cents), 0)) as bigint) as rule_profit_cents,
        cast(sum(refund_weight) as hugeint) as refund_weight,
        any_value(whole_refund_weight) as whole_refund_weight
    from matched
    group by order_key, payee, payee_level, payee_id, rule_id
),

moments as (
    select
        order_key,
        cast(0 as bigint) as moment_no,
        ordered_date as entry_date,
        cast(round(paid_amount_cny * 100) as bigint) as paid_cents,
        cast(0 as bigint) as given_back_cents
    from orders
    union all
    select
        order_key,
        refund_no as moment_no,
        refund_date as entry_date,
        paid_cents,
        given_back_cents
    from refund
),

kept as (
    select
        based.*,
        moments.moment_no,
        moments.entry_date,
        moments.given_back_cents >= moments.paid_cents as is_all_back,
        based.rule_paid_cents - case
            when moments.given_back_cents >= moments.paid_cents then based.rule_paid_cents
            else least(
                based.rule_paid_cents,
                cast(moments.given_back_cents * based.refund_weight // based.whole_refund_weight as bigint)
            )
        end as rule_net_cents
    from based
    inner join moments on based.order_key = moments.order_key
),

-- What the payee has a right to after each refund, in cents, half a cent up.
due as (
    select
        kept.*,
        rule.rule_code,
        rule.rate_base,
        rule.rate,
        rule.fixed_amount,
        case
            when kept.is_all_back then 0
            when rule.rate_base = 'net' then kept.rule_net_cents
            when rule.rate_base = 'profit'
                then cast(
                    cast(kept.rule_profit_cents as hugeint) * kept.rule_net_cents // greatest(kept.rule_paid_cents, 1) as bigint
                )
            else kept.rule_paid_cents
        end as base_cents,
        cast(round(coalesce(rule.rate, 0) * 100000000) as hugeint) as rate_e8,
        cast(round(coalesce(rule.fixed_amount, 0) * 100) as bigint) as fixed_cents,
        cast(round(rule.max_amount * 100) as bigint) as max_cents
    from kept
    inner join rule on kept.rule_id = rule.rule_id
),

worth as (
    select
        *,
        case
            when base_cents <= 0 then 0
            else least(
                cast((base_cents * rate_e8 + 50000000) // 100000000 as bigint) + fixed_cents,
                coalesce(max_cents, 9000000000000000)
            )
        end as due_cents
    from due
),

-- An entry is the change: what was given at first, and what each refund takes back.
changed as (
    select
        *,
        due_cents - coalesce(
            lag(due_cents) over (partition by order_key, payee, payee_level, rule_id order by moment_no), 0
        ) as entry_cents
    from worth
),

final as (
    select
        order_key || '#' || payee || '#' || payee_level || '#' || rule_id || '#' || moment_no as entry_id,
        order_key,
        payee,
        payee_id,
        payee_level,
        rule_id,
        rule_code,
        case when moment_no = 0 then 'earned' else 'clawback' end as entry_kind,
        entry_date,
        rate_base,
        rate,
        fixed_amount,
        cast(cast(base_cents as decimal(16, 0)) * cast(0.01 as decimal(2, 2)) as decimal(18, 2)) as base_amount_cny,
        cast(cast(entry_cents as decimal(16, 0)) * cast(0.01 as decimal(2, 2)) as decimal(18, 2)) as amount_cny
    from changed
    where entry_cents <> 0
)

select * from final
