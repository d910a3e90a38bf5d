-- Nobody is called reachable whom the consent table does not show as granted on that channel.
with flags as (
    unpivot (select one_id, reach_sms, reach_email, reach_wechat_oa, reach_wecom from {{ ref('customer_360') }})
    on reach_sms, reach_email, reach_wechat_oa, reach_wecom into name channel value reachable
)

select flags.one_id
from flags
left join {{ ref('consent_state') }} as consent
    on flags.one_id = consent.one_id
    and flags.channel = 'reach_' || consent.channel
    and consent.purpose = 'marketing'
where flags.reachable and coalesce(consent.state, 'unknown') <> 'granted'
