"""The figures of the published run, read from the warehouse: what `status` and the summary tell. No looks here."""

import json
from dataclasses import dataclass
from typing import Any

import duckdb

from warehouse.home import Home
from warehouse.snapshot import open_warehouse

Rows = list[dict[str, Any]]

_SOURCES = """
    select coalesce(source, 'unknown') as source, count(*) as n_files, sum(rows_read)::bigint as n_read,
           sum(rows_accepted)::bigint as n_accepted, sum(rows_rejected)::bigint as n_rejected,
           sum(rows_repeated)::bigint as n_repeated, sum($unread)::bigint as n_unread
    from ops.source_file group by 1 order by any_value(source) is null, n_read desc, 1
"""
_UNUSABLE = """
    select * from ops.source_file
    where status not in ('loaded', 'repeat') order by path
"""
_ALERTS = """
    select expectation, source, account, contract, message, message_zh from ops.source_expectation
    where not is_met order by expectation, source, account, contract, message
"""
_REJECTS = "select reason, count(*) as n_rows from ops.reject group by 1 order by 2 desc, 1"
_PEOPLE = """
    select count(*) as n_people,
           count(*) filter (where n_sources > 1) as n_in_several_sources,
           count(*) filter (where n_purchases > 0) as n_buyers,
           count(*) filter (where is_member) as n_members,
           count(*) filter (where reach_sms or reach_email or reach_wechat_oa or reach_wecom) as n_reachable,
           (select count(*) from identity.record_map) as n_parties,
           (select count(*) from identity.one_id where status = 'merged') as n_aliases
    from customer.customer_360
"""
_STAGES = """
    select lifecycle_stage as stage, lifecycle_stage_zh as stage_zh, count(*) as n_people,
           sum(net_amount_365d_cny) as net_365d_cny, coalesce(sum(clv_12m_cny), 0) as clv_12m_cny
    from customer.customer_360 where lifecycle_stage is not null
    group by all
    order by list_position(
        ['potential', 'new', 'repeat', 'active', 'won_back', 'at_risk', 'silent', 'churned'],
        any_value(lifecycle_stage)
    )
"""
_VALUE = """
    with ranked as (
        select *, percent_rank() over (order by net_amount_cny desc) as position
        from customer.customer_360 where n_purchases > 0
    )
    select sum(net_amount_cny) as net_all_cny, sum(net_amount_365d_cny) as net_365d_cny,
           sum(clv_12m_cny) as clv_12m_cny, sum(expected_purchases_365d) as expected_purchases_365d,
           sum(p_alive) as n_alive, sum(net_amount_cny) filter (where position < 0.1) / sum(net_amount_cny)
               as top_tenth_share,
           (select any_value(gate) from customer.value_model) as gate
    from ranked
"""
_VALUED_PERSON = """
    select one_id from customer.customer_360
    order by n_purchases > 1 desc nulls last, n_sources desc, net_amount_cny desc nulls last, one_id limit 1
"""


_QUALITY = """
    select metric, part, value, limit_value, state, meaning, meaning_zh from identity.quality
    where run_id = '$run'
        and state <> 'ok'
    order by state desc, metric, part
"""


@dataclass(frozen=True)
class Figures:
    """A published run in figures; lists are ordered as they are shown. Money in CNY."""

    run_id: str
    as_of: str
    sources: Rows
    unusable: Rows
    rejects: Rows
    alerts: Rows  # expectations of sources that are not met
    people: dict[str, Any]
    quality: Rows  # of the OneIDs: what is past its limit
    stages: Rows
    value: dict[str, Any]
    audiences: Rows
    valued_person: str | None  # somebody worth looking at: best a repeat buyer whom most sources know


def collect(home: Home) -> Figures:
    """Read the figures of the published run.

    Raises:
        UsageError: nothing is published.
    """
    run_id = home.require_published()
    with open_warehouse(home, run_id) as con:
        return Figures(
            run_id=run_id,
            as_of=home.manifest(run_id)["as_of"],
            sources=_rows(con, _SOURCES.replace("$unread", _unread(con))),
            unusable=_rows(con, _UNUSABLE),
            rejects=_rows(con, _REJECTS),
            alerts=_alerts(con),
            people=_rows(con, _PEOPLE)[0],
            quality=_rows(con, _QUALITY.replace("$run", run_id)),
            stages=_rows(con, _STAGES),
            value=_rows(con, _VALUE)[0],
            audiences=_audiences(home, run_id),
            valued_person=next((row["one_id"] for row in _rows(con, _VALUED_PERSON)), None),
        )


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> Rows:
    relation = con.sql(query)
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def _unread(con: duckdb.DuckDBPyConnection) -> str:
    """The column with the rows of files that are not understood; nothing in a home of an earlier version."""
    known = con.sql(
        "from duckdb_columns() where schema_name = 'ops' and table_name = 'source_file' and column_name = 'rows_unread'"
    )
    return "rows_unread" if known.fetchall() else "null"


def _alerts(con: duckdb.DuckDBPyConnection) -> Rows:
    """The expectations that are not met; a home that an earlier version published knows of none until its next run."""
    known = con.sql("from duckdb_tables() where schema_name = 'ops' and table_name = 'source_expectation'")
    return _rows(con, _ALERTS) if known.fetchall() else []


def _audiences(home: Home, run_id: str) -> Rows:
    found = []
    for path in sorted(home.exports.glob(f"*/{run_id}/manifest.json")):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        label = manifest["definition"]["label"]
        found.append(
            {
                "audience": manifest["audience"],
                "label_zh": label["zh"],
                "label_en": label["en"],
                "channel": manifest["definition"].get("channel"),
                "n_matching": manifest["matching"],
                "n_rows": manifest["rows"],
                "csv": str(path.parent / manifest["file"]),
            }
        )
    return found
