"""The first page: the last run and its health, the customer base and how it moved, value, alerts."""

import datetime as dt
from typing import Any, Final

import duckdb

from common.labels import label
from console.data.changes import changes_since
from console.data.rows import Row, has_table, one, rows

STAGES: Final = ("potential", "new", "repeat", "active", "won_back", "at_risk", "silent", "churned")
# Where a person's stage says that they are with us, and where it says that they are leaving.
WITH_US: Final = frozenset({"new", "repeat", "active", "won_back"})
LEAVING: Final = frozenset({"at_risk", "silent", "churned"})

_PEOPLE: Final = """
    select count(*) as n_people,
           count(*) filter (where n_purchases > 0) as n_buyers,
           count(*) filter (where n_purchases > 1) as n_repeat,
           count(*) filter (where is_member) as n_members,
           count(*) filter (where reach_sms or reach_email or reach_wechat_oa or reach_wecom) as n_reachable,
           sum(net_amount_365d_cny) as net_365d_cny, sum(clv_12m_cny) as clv_12m_cny
    from customer.customer_360
"""
_STAGES: Final = """
    select lifecycle_stage as stage, any_value(lifecycle_stage_zh) as stage_zh, sum(n_people)::bigint as n_people,
           sum(n_reachable)::bigint as n_reachable, sum(net_amount_365d_cny) as net_365d_cny,
           sum(clv_12m_cny) as clv_12m_cny
    from marts.lifecycle_summary group by lifecycle_stage order by list_position(?, lifecycle_stage)
"""
_FLOW: Final = """
    select from_stage, to_stage, sum(n_people)::bigint as n_people, any_value(from_date) as from_date
    from marts.stage_flow where period = '1_month' group by all
"""
TIERS: Final = ("platinum", "gold", "silver", "bronze", "medium", "low")
_TIERS: Final = """
    select clv_tier as tier, sum(n_people)::bigint as n_people, sum(clv_12m_cny) as clv_12m_cny,
           sum(clv_share) as clv_share, sum(net_amount_365d_cny) as net_365d_cny,
           sum(n_people) / sum(sum(n_people)) over () as people_share
    from marts.customer_equity group by clv_tier order by list_position(?, clv_tier)
"""
_CHECKS: Final = """
    select count(*) as n_checks, count(*) filter (where not is_passed) as n_not_passed from ops.run_check
"""
_MONTHS: Final = """
    select strftime(month_start_date, '%Y-%m') as month, sum(net_amount_cny) as net_cny,
           sum(n_orders)::bigint as n_orders
    from marts.channel_monthly
    where month_start_date >= (select max(month_start_date) from marts.channel_monthly) - interval 12 month
    group by month_start_date order by month_start_date
"""
_CHANGES: Final = """
    select cause, count(distinct record_id || role) as n_records, count(distinct old_one_id) as n_people
    from identity.change where run_id = ? group by cause order by n_records desc, cause limit 8
"""
_QUALITY: Final = """
    select metric, value, unit, limit_value, state, meaning, meaning_zh from identity.quality
    where run_id = ? and part = '' and limit_value is not null and state <> 'ok' order by metric
"""
_EXPECTATIONS: Final = """
    select expectation, source, account, message, message_zh from ops.source_expectation
    where not is_met order by expectation, source, account, contract
"""


def today(con: duckdb.DuckDBPyConnection, run_id: str, manifest: dict[str, Any]) -> dict[str, Any]:
    """Everything on the first page, by section.

    Args:
        con: the published run.
        run_id: its id.
        manifest: its manifest; says when it began and ended.
    """
    run = one(con, "select * from ops.run where run_id = ?", [run_id])
    before = one(con, "select * from ops.run where run_id <> ? order by started_at desc, run_id desc limit 1", [run_id])
    return {
        "run": run,
        "finished_at": dt.datetime.fromisoformat(manifest["finished_at"]),
        "started_at": manifest["started_at"],
        "people": one(con, _PEOPLE),
        "before": before,
        "since": changes_since(con, run, before) if run else [],
        "flow": flow(con),
        "tiers": rows(con, _TIERS, [list(TIERS)]) if has_table(con, "marts.customer_equity") else [],
        "checks": one(con, _CHECKS) if has_table(con, "ops.run_check") else None,
        "stages": stages(con),
        "months": rows(con, _MONTHS),
        "changes": [
            {**row, "cause_text": label("change_cause", row["cause"])} for row in rows(con, _CHANGES, [run_id])
        ],
        "alerts": alerts(con, run_id),
    }


def stages(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """The lifecycle stages in order, each with its people now, those a month ago, and who came and went since."""
    flow = rows(con, _FLOW) if has_table(con, "marts.stage_flow") else []
    found = rows(con, _STAGES, [list(STAGES)])
    most = max((row["n_people"] for row in found), default=0) or 1
    for row in found:
        stage = row["stage"]
        came = sum(one["n_people"] for one in flow if one["to_stage"] == stage and one["from_stage"] != stage)
        went = sum(one["n_people"] for one in flow if one["from_stage"] == stage and one["to_stage"] != stage)
        row.update(came=came, went=went, change=came - went if flow else None, share_of_most=row["n_people"] / most)
    return found


def flow(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str, float, str]]:
    """Who changed stage within the last month: from, to, people, and whether that is good; the largest twelve."""
    found = (
        [row for row in rows(con, _FLOW) if row["from_stage"] != row["to_stage"]]
        if has_table(con, "marts.stage_flow")
        else []
    )
    found = sorted(found, key=lambda row: (-row["n_people"], row["from_stage"], row["to_stage"]))[:12]
    order = ("none", *STAGES)
    found.sort(key=lambda row: (order.index(row["from_stage"]), order.index(row["to_stage"])))
    return [(row["from_stage"], row["to_stage"], row["n_people"], _tone(row["to_stage"])) for row in found]


def _tone(stage: str) -> str:
    return "good" if stage in WITH_US else "warn" if stage in LEAVING else ""


def alerts(con: duckdb.DuckDBPyConnection, run_id: str) -> list[Row]:
    """What somebody should look at, each with both texts and the page that tells more."""
    found = []
    model = one(con, "select gate from customer.value_model")
    if model and model["gate"]:
        found.append(_alert("客户价值模型未发布", "Value scores are held back", "/health", model["gate"]))
    for row in rows(con, _QUALITY, [run_id]):
        figures = f"{row['value']:,.4g} / {row['limit_value']:,.4g}"
        found.append(_alert(f"{row['meaning_zh']}：{figures}", f"{row['meaning']}: {figures}", "/health#identity"))
    for row in rows(con, _EXPECTATIONS):
        zh, en = label("source", row["source"])
        account = row["account"]
        text = f"{zh}/{account}：{row['message_zh']}", f"{en}/{account}: {row['message']}"
        found.append(_alert(*text, "/health#sources"))
    balances = one(con, "select count(*) as n from ops.balance_alert")
    if balances and balances["n"]:
        n = balances["n"]
        found.append(_alert(f"{n} 处余额与流水不符", f"{n} balances disagree with the ledger", "/health#balances"))
    return found


def _alert(zh: str, en: str, path: str, detail: str = "") -> Row:
    return {"text_zh": zh, "text_en": en, "path": path, "detail": detail}
