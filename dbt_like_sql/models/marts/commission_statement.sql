with

entry as (
    select * from {{ ref('commission_entry') }}
),

monthly as (
    select
        payee,
        payee_id,
        cast(date_trunc('month', entry_date) as date) as statement_month,
        count(distinct order_key) as n_orders,
        count(*) as n_entries,
        coalesce(sum(amount_cny) filter (where entry_kind = 'earned'), 0) as earned_cny,
        coalesce(sum(amount_cny) filter (where entry_kind = 'clawback'), 0) as clawback_cny,
        sum(amount_cny) as change_cny
    from entry
    group by payee, payee_id, cast(date_trunc('month', entry_date) as date)
),

running as (
    select
        *,
        sum(change_cny) over (partition by payee, payee_id order by statement_month) as closing_cny
    from monthly
),

final as (
    select
        payee || '#' || payee_id || '#' || statement_month as statement_id,
        payee,
        payee_id,
        statement_month,
        n_orders,
        n_entries,
        cast(closing_cny - change_cny as decimal(18, 2)) as opening_balance_cny,
        cast(earned_cny as decimal(18, 2)) as earned_cny,
        cast(clawback_cny as decimal(18, 2)) as clawback_cny,
        cast(closing_cny as decimal(18, 2)) as closing_balance_cny
    from running
)

select * from final
