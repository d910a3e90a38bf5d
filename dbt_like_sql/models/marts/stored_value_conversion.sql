with

as_of as (
    select * from {{ ref('int_as_of') }}
),

entry as (
    select
        *,
        cast(date_trunc('month', entry_date) as date) as entry_month
    from {{ ref('ledger') }}
    where kind = 'stored_value' and entry_date is not null
),

events as (
    select
        *,
        cast(date_trunc('month', event_date) as date) as event_month
    from {{ ref('events') }}
    where type = 'stored_value_topped_up'
),

months as (
    select unnest(range(min(entry_month), (select as_of_date from as_of) + 1, interval 1 month)) as entry_month
    from entry
),

moved as (
    select
        entry_month,
        sum(amount) as change,
        sum(amount) filter (where amount > 0 and subtype is distinct from 'gift') as paid_in,
        sum(amount) filter (where amount > 0 and subtype = 'gift') as given,
        -sum(amount) filter (where amount < 0) as spent
    from entry
    group by entry_month
),

topped_up as (
    select
        event_month as entry_month,
        count(*) as n_top_ups,
        count(distinct one_id) as n_people
    from events
    group by event_month
),

-- a person's first top-up of a month, and whether they bought in the ninety days after it
firsts as (
    select
        one_id,
        event_month as entry_month,
        min(event_date) as first_date
    from events
    where one_id is not null
    group by one_id, event_month
),

repeated as (
    select
        firsts.entry_month,
        count(*) filter (where firsts.first_date + 90 <= as_of.as_of_date) as n_observed,
        count(*) filter (
            where firsts.first_date + 90 <= as_of.as_of_date
            and exists (
                select 1
                from {{ ref('purchase_day') }} as purchase_day
                where
                    purchase_day.one_id = firsts.one_id
                    and purchase_day.purchase_date > firsts.first_date
                    and purchase_day.purchase_date <= firsts.first_date + 90
            )
        ) as n_repeated
    from firsts
    cross join as_of
    group by firsts.entry_month
),

-- what lies still at the end of each month: balances of people without any entry in the year before
balances as (
    select
        one_id,
        entry_month,
        lead(entry_month) over (partition by one_id order by entry_month) as next_month,
        sum(sum(amount)) over (partition by one_id order by entry_month) as balance
    from entry
    where one_id is not null
    group by one_id, entry_month
),

dormant as (
    select
        months.entry_month,
        sum(balances.balance) as amount,
        count(*) as n_people
    from months
    inner join balances
        on months.entry_month >= balances.entry_month + interval 12 month
        and (months.entry_month < balances.next_month or balances.next_month is null)
    where balances.balance > 0.005
    group by months.entry_month
),

final as (
    select
        cast(months.entry_month as date) as ledger_month,
        coalesce(topped_up.n_top_ups, 0) as n_top_ups,
        coalesce(topped_up.n_people, 0) as n_topped_up_people,
        round(coalesce(moved.paid_in, 0), 2) as paid_in_cny,
        round(coalesce(moved.given, 0), 2) as given_cny,
        round(coalesce(moved.spent, 0), 2) as spent_cny,
        round(sum(coalesce(moved.change, 0)) over (order by months.entry_month), 2) as balance_cny,
        round(coalesce(dormant.amount, 0), 2) as dormant_balance_cny,
        coalesce(dormant.n_people, 0) as n_dormant_people,
        coalesce(repeated.n_observed, 0) as n_observed_90d,
        coalesce(repeated.n_repeated, 0) as n_repeated_90d,
        round(repeated.n_repeated / nullif(repeated.n_observed, 0), 4) as repeat_rate_90d
    from months
    left join moved on months.entry_month = moved.entry_month
    left join topped_up on months.entry_month = topped_up.entry_month
    left join repeated on months.entry_month = repeated.entry_month
    left join dormant on months.entry_month = dormant.entry_month
)

select * from final
