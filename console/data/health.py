"""Data health: what came in, what was refused and how to mend it, what the checks found, how sure the people are."""

from collections import defaultdict
from typing import Any, Final

import duckdb

from common.labels import label
from console.data.rows import Row, has_table, rows

MOST_FILES: Final = 20
MOST_ALERTS: Final = 50

_SOURCES: Final = """
    select source, account, count(*) as n_files, max(exported_at) as last_at, sum(rows_read)::bigint as n_read,
           sum(rows_rejected)::bigint as n_rejected, sum(rows_repeated)::bigint as n_repeated,
           list(distinct contract order by contract) filter (where contract is not null) as contracts
    from ops.source_file where source is not null group by source, account order by source, account
"""
_ROWS_BY_MONTH: Final = """
    select source, account, date_trunc('month', exported_at)::date as month, sum(rows_read)::bigint as n_rows
    from ops.source_file where exported_at > ?::date - interval 12 month and source is not null
    group by all order by month
"""
_UNUSABLE: Final = """
    select * from ops.source_file where status in ('held', 'unknown', 'unreadable')
    order by path
"""
_REJECTS: Final = """
    select coalesce(f.source, split_part(r.path, '/', 1)) as source, r.reason, count(*) as n_rows,
           count(distinct r.path) as n_files, list(distinct r.column_name order by r.column_name) as column_names,
           arg_min(r.path, (r.path, r.row_no)) as path, arg_min(r.row_no, (r.path, r.row_no)) as row_no,
           arg_min(r.raw_mask, (r.path, r.row_no)) as shape
    from ops.reject as r left join ops.source_file as f using (path)
    group by all order by n_rows desc, source, reason
"""
_CHECKS: Final = """
    select split_part(table_name, '.', 1) as layer, count(*) as n_checks,
           count(*) filter (where is_passed) as n_passed,
           count(*) filter (where not is_passed and severity = 'warn') as n_warned,
           count(*) filter (where not is_passed and severity <> 'warn') as n_failed,
           count(*) filter (where is_blocking) as n_blocking
    from ops.run_check group by layer order by layer
"""
_NOT_PASSED: Final = """
    select * from ops.run_check
    where not is_passed order by severity, table_name, check_name
"""
_ALL_CHECKS: Final = """
    select * from ops.run_check
    where contains(table_name || ' ' || check_name, $said) order by is_passed, table_name, check_name limit 120
"""
_QUALITY: Final = """
    select q.run_id, q.metric, q.part, q.value, q.unit, q.limit_value, q.state, q.meaning, q.meaning_zh, r.as_of_date
    from identity.quality as q join ops.run as r using (run_id)
    where q.metric in (select metric from identity.quality where limit_value is not null)
    order by q.metric, q.part, r.as_of_date, r.started_at
"""
_CANARIES: Final = """
    select phenomenon, n_persons, pairwise_precision, pairwise_recall, n_wrongly_merged, n_split
    from identity.canary_quality where run_id = ? order by phenomenon <> 'all', phenomenon
"""
_BALANCES: Final = """
    select source, account, kind, count(*) as n_alerts, count(distinct one_id) as n_people,
           sum(difference) as difference, min(from_at) as from_at, max(to_at) as to_at
    from ops.balance_alert group by all order by n_alerts desc, source, account, kind
"""
_BALANCE_ROWS: Final = """
    select * from ops.balance_alert order by abs(difference) desc, alert_id limit ?
"""


def health(con: duckdb.DuckDBPyConnection, run_id: str, as_of: str) -> dict[str, Any]:
    """Everything on the page, by section.

    Args:
        con: the published run.
        run_id: its id.
        as_of: its last day, as text.
    """
    return {
        "sources": sources(con, as_of),
        "unusable": rows(con, _UNUSABLE)[:MOST_FILES],
        "rejects": rejects(con),
        "checks": rows(con, _CHECKS) if has_table(con, "ops.run_check") else None,
        "not_passed": rows(con, _NOT_PASSED) if has_table(con, "ops.run_check") else [],
        "metrics": quality(con, run_id),
        "canaries": rows(con, _CANARIES, [run_id]) if has_table(con, "identity.canary_quality") else [],
        "balances": rows(con, _BALANCES),
        "balance_rows": rows(con, _BALANCE_ROWS, [MOST_ALERTS]),
        "runs": runs(con),
    }


def sources(con: duckdb.DuckDBPyConnection, as_of: str) -> list[Row]:
    """Each source's accounts: files, rows, what is refused, expectations that are not met, rows by month."""
    found = rows(con, _SOURCES)
    months: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows(con, _ROWS_BY_MONTH, [as_of]):
        months[row["source"], row["account"]].append(row)
    expected: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows(con, "select * from ops.source_expectation order by all"):
        expected[row["source"], row["account"]].append(row)
    for row in found:
        key = row["source"], row["account"]
        row["source_zh"], row["source_en"] = label("source", row["source"])
        row["months"] = [one["n_rows"] for one in months[key]]
        row["reject_rate"] = row["n_rejected"] / row["n_read"] if row["n_read"] else None
        row["n_expected"] = len(expected[key])
        row["missed"] = [one for one in expected[key] if not one["is_met"]]
    mine = {(row["source"], row["account"]) for row in found}
    # A source whose files stay away altogether is in the expectations alone.
    gone = [key for key in expected if key not in mine and any(not one["is_met"] for one in expected[key])]
    return [_absent(key, expected[key]) for key in sorted(gone)] + found


def _absent(key: tuple[str, str], expected: list[Row]) -> Row:
    source, account = key
    return {
        "source": source, "account": account, "source_zh": label("source", source)[0],
        "source_en": label("source", source)[1], "n_files": 0, "last_at": None,
        "n_read": 0, "n_rejected": 0, "n_repeated": 0, "contracts": [], "months": [], "reject_rate": None,
        "n_expected": len(expected), "missed": [one for one in expected if not one["is_met"]],
    }  # fmt: skip


def rejects(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """Refused rows by source and reason, with the shape of the first and the commands that help."""
    found = rows(con, _REJECTS)
    for row in found:
        row["source_zh"], row["source_en"] = label("source", row["source"])
        row["reason_zh"], row["reason_en"] = label("reject_reason", row["reason"])
        row["column_names"] = [name for name in row["column_names"] if name]
        row["command"] = f"guiyi reject list --reason {row['reason']}"
    return found


def checks(con: duckdb.DuckDBPyConnection, said: str) -> list[Row] | None:
    """Checks whose table or name has a text in it, those first that do not hold; None where none are published."""
    if not has_table(con, "ops.run_check"):
        return None
    return rows(con, _ALL_CHECKS, {"said": said.strip().replace(" ", "_")})


def quality(con: duckdb.DuckDBPyConnection, run_id: str) -> list[Row]:
    """Each measure that has a limit: this run's value, and those of all runs before in order of their days."""
    found: dict[tuple[str, str], Row] = {}
    for row in rows(con, _QUALITY):
        one = found.setdefault(
            (row["metric"], row["part"]),
            {"metric": row["metric"], "part": row["part"], "labels": [], "numbers": [], "now": None},
        )
        one["labels"].append(row["run_id"])
        one["numbers"].append(row["value"])
        if row["run_id"] == run_id:
            one["now"] = row
    measured = [one for one in found.values() if one["now"] and one["now"]["limit_value"] is not None]
    return sorted(measured, key=lambda one: (one["now"]["state"] == "ok", one["metric"], one["part"]))


def runs(con: duckdb.DuckDBPyConnection) -> list[Row]:
    """The runs that led here, the newest first, with how long each took where that is known."""
    found = rows(con, "select * from ops.run order by started_at desc, run_id desc limit 60")
    for row in found:
        finished = row.get("finished_at")
        row["seconds"] = (finished - row["started_at"]).total_seconds() if finished else None
    return found
