with

consent as (
    select * from {{ ref('consent') }}
),

holder as (
    select * from {{ ref('int_consent_holder') }}
),

-- What holds for an identifier now: its latest statement. A refusal without a time counts as the latest, a permission
-- without a time as the oldest, and of two at one moment the refusal wins.
latest as (
    select
        identifier_key,
        channel,
        purpose,
        state,
        stated_at,
        basis
    from consent
    qualify row_number() over (
        partition by identifier_key, channel, purpose
        order by
            coalesce(stated_at, case state when 'revoked' then timestamp '9999-12-31' else timestamp '0001-01-01' end) desc,
            state = 'revoked' desc,
            basis
    ) = 1
),

-- An identifier speaks for everyone who holds it: nobody is written to on a number that asked for peace.
final as (
    select
        holder.one_id,
        latest.channel,
        latest.purpose,
        latest.state,
        latest.stated_at,
        latest.basis,
        count(*) over person_channel as n_identifiers,
        count(*) filter (where latest.state = 'granted') over person_channel as n_granted
    from latest
    inner join holder on latest.identifier_key = holder.identifier_key
    window person_channel as (partition by holder.one_id, latest.channel, latest.purpose)
    qualify row_number() over (
        partition by holder.one_id, latest.channel, latest.purpose
        order by latest.state = 'revoked' desc, latest.stated_at desc nulls first, latest.basis
    ) = 1
    order by holder.one_id, latest.channel, latest.purpose
)

select * from final
