"""What the report tells, read from the warehouse as it is about to be published. No looks here."""

import json
from typing import Any, Final

import duckdb

Rows = list[dict[str, Any]]

_PEOPLE: Final = """
    select count(*) as n_people,
           count(*) filter (where n_purchases > 0) as n_buyers,
           count(*) filter (where n_purchases > 1) as n_repeat,
           count(*) filter (where is_member) as n_members,
           count(*) filter (where reach_sms or reach_email or reach_wechat_oa or reach_wecom) as n_reachable,
           count(*) filter (where n_sources > 1) as n_in_several_sources,
           sum(net_amount_cny) as net_all_cny, sum(net_amount_365d_cny) as net_365d_cny,
           sum(clv_12m_cny) as clv_12m_cny, sum(expected_purchases_365d) as expected_purchases_365d,
           sum(p_alive) as n_alive
    from customer.customer_360
"""
_STAGES: Final = """
    select lifecycle_stage as stage, any_value(lifecycle_stage_zh) as stage_zh, sum(n_people) as n_people,
           sum(net_amount_365d_cny) as net_365d_cny, sum(clv_12m_cny) as clv_12m_cny
    from marts.lifecycle_summary group by lifecycle_stage
    order by list_position(
        ['potential', 'new', 'repeat', 'active', 'won_back', 'at_risk', 'silent', 'churned'], lifecycle_stage
    )
"""
_TIERS: Final = """
    select clv_tier as tier, sum(n_people) as n_people, sum(clv_12m_cny) as clv_12m_cny,
           sum(expected_purchases_365d) as expected_purchases_365d, sum(net_amount_365d_cny) as net_365d_cny
    from marts.customer_equity group by clv_tier
    order by list_position(['platinum', 'gold', 'silver', 'bronze', 'medium', 'low'], clv_tier)
"""
_QUALITY: Final = """
    select metric, value, unit, limit_value, state, meaning, meaning_zh
    from identity.quality
    where run_id = '$run' and part = '' and (limit_value is not null or metric in ('people', 'parties'))
    order by state = 'ok', limit_value is not null, metric
"""
_SOURCES: Final = """
    select coalesce(source, 'unknown') as source, count(*) as n_files, sum(rows_read)::bigint as n_read,
           sum(rows_accepted)::bigint as n_accepted, sum(rows_repeated)::bigint as n_repeated,
           sum(rows_rejected)::bigint as n_rejected
    from ops.source_file group by 1 order by any_value(source) is null, n_read desc, 1
"""
_REJECTS: Final = "select reason, count(*) as n_rows from ops.reject group by 1 order by 2 desc, 1"
_UNUSABLE: Final = """
    select path, status from ops.source_file where status not in ('loaded', 'repeat') order by path
"""
_EXPECTATIONS: Final = """
    select expectation, source, account, message, message_zh
    from ops.source_expectation where not is_met order by expectation, source, account, contract, message
"""
_BALANCES: Final = "select count(*) as n_alerts from ops.balance_alert"


def figures(con: duckdb.DuckDBPyConnection, run_id: str) -> dict[str, Any]:
    """Everything on the page but its pictures, by section."""
    model = _rows(con, "select * from customer.value_model")[0]
    return {
        "people": _rows(con, _PEOPLE)[0],
        "stages": _rows(con, _STAGES),
        "tiers": _rows(con, _TIERS),
        "equity": _rows(con, "select * from marts.customer_equity_monthly order by month_end_date"),
        "model": model,
        "backtest": json.loads(model["backtest"]) if model["backtest"] else None,
        "quality": _rows(con, _QUALITY.replace("$run", run_id)),
        "sources": _rows(con, _SOURCES),
        "rejects": _rows(con, _REJECTS),
        "unusable": _rows(con, _UNUSABLE),
        "expectations": _rows(con, _EXPECTATIONS),
        "n_balance_alerts": _rows(con, _BALANCES)[0]["n_alerts"],
    }


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> Rows:
    relation = con.sql(query)
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
