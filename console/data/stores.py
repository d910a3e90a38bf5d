"""Stores, staff and partners by month; rates that are drawn towards their class; targets and the forecast."""

import datetime as dt
from typing import Any, Final

import duckdb

from console.data.rows import Row, one, rows

MONTHS_SHOWN: Final = 24
METRICS: Final = {
    "conversion": ("成交率", "Conversion"),
    "repeat_90d": ("90 天复购率", "Repeat within 90 days"),
    "member_capture": ("会员识别率", "Receipts of known people"),
    "return": ("退货率", "Returns"),
}
# Of these a high rate is the bad one.
BETTER_LOW: Final = frozenset({"return"})
LEVELS: Final = {
    "brand": ("品牌", "Brand"), "channel": ("渠道", "Channels"), "store": ("门店", "Stores"),
    "staff": ("员工", "Staff"), "category": ("品类", "Categories"),
}  # fmt: skip
CHANNELS: Final = {
    "marketplace": ("电商平台", "Marketplaces"), "online_store": ("网店", "Online store"), "store": ("门店", "Stores"),
    "international": ("海外", "International"),
}  # fmt: skip
_TABLES: Final = {
    "store": ("marts.store_monthly", "store_code"),
    "staff": ("marts.staff_monthly", "staff_code"),
    "partner": ("marts.partner_monthly", "partner_code"),
}
_STORES: Final = """
    select m.*, b.net_amount_cny as before_cny
    from marts.store_monthly as m
    left join marts.store_monthly as b
        on b.store_code = m.store_code and b.month_start_date = m.month_start_date - interval 1 month
    where m.month_start_date = ? order by m.net_amount_cny desc, m.store_code
"""
_STAFF: Final = """
    select m.*, b.net_amount_cny as before_cny, s.store_name
    from marts.staff_monthly as m
    left join marts.staff_monthly as b
        on b.staff_code = m.staff_code and b.month_start_date = m.month_start_date - interval 1 month
    left join core.store as s on s.store_code = m.store_code
    where m.month_start_date = ? order by m.net_amount_cny desc, m.n_people_brought desc, m.staff_code
"""
_PARTNERS: Final = """
    select m.*, p.company_name, b.net_amount_cny as before_cny
    from marts.partner_monthly as m
    left join marts.partner_monthly as b
        on b.partner_code = m.partner_code and b.month_start_date = m.month_start_date - interval 1 month
    left join core.partner as p on p.partner_code = m.partner_code
    where m.month_start_date = ? order by m.net_amount_cny desc, m.n_people_brought desc, m.partner_code
"""
_BY_MONTH: Final = {"store": _STORES, "staff": _STAFF, "partner": _PARTNERS}
_SCORES: Final = """
    select * from marts.store_scorecard where window_days = ? order by metric, store_class, rank_in_class, store_code
"""
_STATEMENTS: Final = """
    select * from marts.commission_statement where payee = ? and payee_id = ? order by statement_month desc limit 24
"""
_TARGETS: Final = """
    select t.*, coalesce(s.store_name, t.target_of) as target_name
    from marts.sales_target_progress as t
    left join core.store as s on t.target_level = 'store' and s.store_code = t.target_of
    where ? between period_start_date and period_end_date
    order by list_position(['brand', 'channel', 'category', 'store', 'staff'], target_level),
             expected_share desc nulls last, target_of
"""
_FACTS: Final = {
    "store": "select * from core.store where store_code = ?",
    "staff": "select staff_code, job, store_code, leader_code, status, joined_date, left_date from core.staff "
    "where staff_code = ?",
    "partner": "select partner_code, company_name, partner_kind, parent_code, province, city, status, started_date, "
    "ended_date from core.partner where partner_code = ?",
}
_SHOWN: Final = (
    "store_name", "company_name", "store_kind", "sales_area", "job", "partner_kind", "province", "city", "status",
    "store_code", "area_m2",
)  # fmt: skip
_FORECAST: Final = "select * from marts.sales_forecast where period_kind = ? order by period_no"


def months(con: duckdb.DuckDBPyConnection) -> list[dt.date]:
    """The months that anything is known of, the newest first."""
    query = """
        select distinct month_start_date as month from marts.store_monthly
        union select distinct month_start_date from marts.staff_monthly
        union select distinct month_start_date from marts.partner_monthly order by month desc
    """
    return [row["month"] for row in rows(con, query)]


def by_month(con: duckdb.DuckDBPyConnection, kind: str, month: dt.date) -> list[Row]:
    """Stores, staff or partners of a month, by net sales, with those of the month before.

    Args:
        con: the published run.
        kind: store, staff or partner.
        month: its first day.
    """
    return rows(con, _BY_MONTH[kind], [month])


def scorecard(con: duckdb.DuckDBPyConnection, window_days: int) -> list[Row]:
    """Each rate with its stores, as differences from the rate of their class, and the scale that they share.

    A store differs where its interval leaves out the rate of its class; all else is noise.
    """
    found = []
    scores = rows(con, _SCORES, [window_days])
    for metric, (zh, en) in METRICS.items():
        mine = [row for row in scores if row["metric"] == metric]
        for row in mine:
            row["low"], row["middle"], row["high"] = (
                row[name] - row["class_rate"] for name in ("rate_low", "shrunk_rate", "rate_high")
            )
            above = row["flag"] == "above"
            row["tone"] = None if row["flag"] is None else "good" if above != (metric in BETTER_LOW) else "bad"
        if mine:
            ends = (min(row["low"] for row in mine), max(row["high"] for row in mine))
            told = [row for row in mine if row["flag"]]
            found.append({"metric": metric, "name_zh": zh, "name_en": en, "rows": mine, "scale": ends, "told": told})
    return found


def detail(con: duckdb.DuckDBPyConnection, kind: str, code: str) -> dict[str, Any] | None:
    """One store, employee or partner: facts, months in order, scorecard or commission account; None: unknown.

    Args:
        con: the published run.
        kind: store, staff or partner.
        code: its code.
    """
    table, column = _TABLES[kind]
    query = f"select * from {table} where {column} = ? order by month_start_date desc limit {MONTHS_SHOWN}"
    found = rows(con, query, [code])[::-1]
    facts = one(con, _FACTS[kind], [code])
    if facts is None and not found:
        return None
    scores = []
    if kind == "store":
        scores = [row for row in _flat(scorecard(con, 365)) if row["store_code"] == code]
    return {
        "facts": dict.fromkeys(_SHOWN) | (facts or {}),
        "months": found,
        "scores": scores,
        "statements": rows(con, _STATEMENTS, [kind, code]) if kind != "store" else [],
        "people": rows(
            con,
            "select staff_code, job, status from core.staff where store_code = ? order by status, staff_code",
            [code],
        )
        if kind == "store"
        else [],
    }


def targets(con: duckdb.DuckDBPyConnection, month: dt.date) -> list[tuple[str, list[Row]]]:
    """The targets whose period a month's first day lies in, by level."""
    found = rows(con, _TARGETS, [month])
    levels = list(dict.fromkeys(row["target_level"] for row in found))
    return [(level, [row for row in found if row["target_level"] == level]) for level in levels]


def target_months(con: duckdb.DuckDBPyConnection) -> list[dt.date]:
    """The months in which targets begin, the newest first."""
    query = "select distinct date_trunc('month', period_start_date)::date as month from marts.sales_target_progress"
    return sorted((row["month"] for row in rows(con, query)), reverse=True)


def forecast(con: duckdb.DuckDBPyConnection) -> dict[str, list[Row]]:
    """What is expected to be sold in the coming weeks and months."""
    return {kind: rows(con, _FORECAST, [kind]) for kind in ("month", "week")}


def _flat(card: list[Row]) -> list[Row]:
    return [
        {**row, "name_zh": part["name_zh"], "name_en": part["name_en"], "scale": part["scale"]}
        for part in card
        for row in part["rows"]
    ]
