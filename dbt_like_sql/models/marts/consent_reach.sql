with

contact as (
    select * from {{ ref('int_person_contact') }}
),

consent_state as (
    select * from {{ ref('consent_state') }}
    where purpose = 'marketing'
),

joined as (
    select
        coalesce(contact.channel, consent_state.channel) as channel,
        contact.one_id is not null as has_contact,
        coalesce(consent_state.state, 'unknown') as state
    from contact
    full join consent_state
        on contact.one_id = consent_state.one_id
        and contact.channel = consent_state.channel
),

final as (
    select
        channel,
        count(*) filter (where has_contact) as n_with_contact,
        count(*) filter (where state = 'granted') as n_granted,
        count(*) filter (where state = 'revoked') as n_revoked,
        count(*) filter (where has_contact and state = 'unknown') as n_unknown,
        count(*) filter (where has_contact and state = 'granted') as n_reachable
    from joined
    group by channel
)

select * from final
