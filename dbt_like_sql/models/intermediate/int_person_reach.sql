with

contact as (
    select * from {{ ref('int_person_contact') }}
),

consent_state as (
    select * from {{ ref('consent_state') }}
    where purpose = 'marketing'
),

-- fails closed: without a statement nobody is reachable
channels as (
    select
        contact.one_id,
        contact.channel,
        coalesce(consent_state.state, 'unknown') as state,
        coalesce(consent_state.n_granted, 0) as n_granted
    from contact
    left join consent_state
        on contact.one_id = consent_state.one_id
        and contact.channel = consent_state.channel
),

final as (
    select
        one_id,
        bool_or(channel = 'sms') as has_phone,
        bool_or(channel = 'email') as has_email,
        bool_or(channel = 'wechat_oa' and n_granted > 0) as is_wechat_oa_follower,
        bool_or(channel = 'wecom' and n_granted > 0) as is_wecom_contact,
        bool_or(channel = 'sms' and state = 'granted') as reach_sms,
        bool_or(channel = 'email' and state = 'granted') as reach_email,
        bool_or(channel = 'wechat_oa' and state = 'granted') as reach_wechat_oa,
        bool_or(channel = 'wecom' and state = 'granted') as reach_wecom
    from channels
    group by one_id
)

select * from final
