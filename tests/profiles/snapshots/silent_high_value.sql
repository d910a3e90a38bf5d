select
    one_id,
    'silent_high_value' as tag,
    cast('true' as varchar) as value,
    min(cast(lifecycle.last_purchase_date + cast(floor(lifecycle.q95_days) as integer) + 1 as date)) as since
from customer.lifecycle as lifecycle
inner join customer.rfm as rfm using (one_id)
where one_id is not null
    and (lifecycle.stage = 'silent' and rfm.m_score = 5)
group by all
