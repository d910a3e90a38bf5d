-- Where a balance and the entries between two exports disagree, ops.balance_alert says by how much.
{{ config(severity='warn') }}

select alert_id, difference
from {{ ref('balance_alert') }}
