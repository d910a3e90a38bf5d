-- To the cent: a statement closes with what it opened with, earned and took back, opens with the one before, and what a
-- payee has in the end is the sum of their entries.
with statements as (
    select
        *,
        coalesce(
            lag(closing_balance_cny) over (partition by payee, payee_id order by statement_month), 0
        ) as before_cny,
        row_number() over (partition by payee, payee_id order by statement_month desc) = 1 as is_last
    from {{ ref('commission_statement') }}
),

entries as (
    select
        payee,
        payee_id,
        sum(amount_cny) as amount_cny
    from {{ ref('commission_entry') }}
    group by payee, payee_id
)

select
    coalesce(statements.statement_id, entries.payee || '#' || entries.payee_id) as what,
    statements.closing_balance_cny,
    entries.amount_cny
from (select * from statements where is_last) as statements
full join entries on statements.payee = entries.payee and statements.payee_id = entries.payee_id
where statements.closing_balance_cny is distinct from entries.amount_cny
union all
select
    statement_id as what,
    closing_balance_cny,
    before_cny as amount_cny
from statements
where opening_balance_cny <> before_cny or closing_balance_cny <> opening_balance_cny + earned_cny + clawback_cny
