"""The `ops` tables: which files came in, which rows could not be used, which runs there were, what each column means.

Everything here may be read by an analyst: of a rejected row it holds the reason, the place and a mask.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from warehouse.building import Building, literal

# Each character of a rejected row is replaced by one of its kind, so that its shape can be judged and its
# content cannot be told. Separators stay: they are what is wrong more often than not.
_MASK_STEPS = (
    ("[0-9]", "#"),
    ("[A-Za-z]", "x"),
    (r"\p{Han}", "字"),
    (r'[^#x字,;|\t"{}\[\]: ]', "*"),
)
MASK_LENGTH = 200
# A header name is kept; a key that could be somebody's number or address is not.
_NO_NAME = "[0-9]{4}|@"
_MOST_CELLS = 12
_TABLES = ("source_file", "source_expectation", "reject", "run")


def mask_sql(column: str) -> str:
    """SQL for the shape of a raw row: digits `#`, Latin letters `x`, Chinese characters `字`; cut at 200."""
    return _masked(f"substring({column}, 1, {MASK_LENGTH})")


def row_mask_sql(raw: str, at_fault: str) -> str:
    """SQL for what a rejected row looks like: `header: shape` of its cells that say something, the one at fault first.

    A row that never came apart into cells is shown by its shape alone, as `mask_sql` gives it.

    Args:
        raw: column of the row: a JSON object of its cells, or its text.
        at_fault: column with the header name of the cell for which it was refused; null: none.
    """
    cells = f"map_entries(json_transform(case when json_valid({raw}) then {raw} end, '\"MAP(VARCHAR, VARCHAR)\"'))"
    first = f"coalesce(cell.key = {at_fault}, false)"
    said = f"list_filter({cells}, lambda cell: not {first} and cell.value <> '')"
    in_order = f"list_concat(list_filter({cells}, lambda cell: {first}), {said})[:{_MOST_CELLS}]"
    key = f"if(regexp_matches(cell.key, {literal(_NO_NAME)}), {_masked('cell.key')}, cell.key)"
    value = _masked("substring(coalesce(cell.value, ''), 1, 60)")
    shown = f"array_to_string(list_transform({in_order}, lambda cell: {key} || ': ' || {value}), ', ')"
    is_object = f"json_valid({raw}) and json_type(case when json_valid({raw}) then {raw} end) = 'OBJECT'"
    return f"case when {is_object} then substring({shown}, 1, {MASK_LENGTH}) else {mask_sql(raw)} end"


def _masked(sql: str) -> str:
    for pattern, replacement in _MASK_STEPS:
        sql = f"regexp_replace({sql}, {literal(pattern)}, {literal(replacement)}, 'g')"
    return sql


def build_ops(building: Building, finished_at: datetime | None = None) -> dict[str, int]:
    """Write `ops.source_file`, `.source_expectation`, `.reject` and `.run` into the warehouse being built.

    `ops.run` goes on from the snapshot that this run stands on, so the published one tells the whole history.

    Args:
        building: the run, with the tables that it has so far.
        finished_at: UTC; when its snapshot is whole.

    Returns:
        rows by table name.
    """
    con = building.con
    files, rejects = (_touchpoints(building, table) for table in ("source_file", "reject"))
    con.execute("create schema if not exists ops")
    con.execute(f"create or replace table ops.source_file as select * from {files} order by path, file_id")
    mask = row_mask_sql("raw_text", '"column"')
    con.execute(
        "create or replace table ops.reject as "
        f'select file_id, path, row_no, reason, "column" as column_name, {mask} as raw_mask '
        f"from {rejects} order by path, row_no, reason"
    )
    expected = _touchpoints(building, "expectation")
    con.execute(
        f"create or replace table ops.source_expectation as select * from {expected} "
        "order by expectation, source, account, contract, message"
    )
    _build_run(building, finished_at)
    return {name: _count(con, f"select count(*) from ops.{name}") for name in _TABLES}


def build_checks(con: duckdb.DuckDBPyConnection, checks: pl.DataFrame) -> int:
    """Write `ops.run_check`: every check of the run that was evaluated before its snapshot was put together.

    Args:
        con: connection to the warehouse being built.
        checks: its rows, columns of `assets.checks.CHECK_SCHEMA`.

    Returns:
        its number of rows.
    """
    con.register("checks", checks.to_arrow())
    try:
        con.execute("create schema if not exists ops")
        con.execute("create or replace table ops.run_check as select * from checks order by table_name, check_name")
    finally:
        con.unregister("checks")
    return _count(con, "select count(*) from ops.run_check")


def build_dictionary(con: duckdb.DuckDBPyConnection, described: pl.DataFrame) -> int:
    """Write `ops.data_dictionary`: every column of the warehouse, itself included, with what is said of it.

    Args:
        con: connection to the finished tables.
        described: `schema_name`, `table_name`, `column_name` and what is known of the column. Columns that nobody
            described are listed all the same; descriptions of tables that are not there are left out.

    Returns:
        its number of rows.
    """
    con.register("described", described.to_arrow())
    select = """
        select
            c.schema_name, c.table_name, c.column_name, c.column_index as column_no, lower(c.data_type) as data_type,
            d.* exclude (schema_name, table_name, column_name)
        from duckdb_columns() as c
        left join described as d using (schema_name, table_name, column_name)
        where c.database_name = current_database() and not c.internal
    """
    try:
        con.execute("create schema if not exists ops")
        con.execute(f"create or replace table ops.data_dictionary as {select} limit 0")
        con.execute(f"insert into ops.data_dictionary {select} order by c.schema_name, c.table_name, c.column_index")
    finally:
        con.unregister("described")
    return _count(con, "select count(*) from ops.data_dictionary")


def _build_run(building: Building, finished_at: datetime | None) -> None:
    con = building.con
    record_map, one_id = (_parquet(building.public / "identity" / f"{t}.parquet") for t in ("record_map", "one_id"))
    con.execute(
        f"""
        create or replace table ops.run as
        select
            $run_id as run_id,
            cast($as_of as date) as as_of_date,
            cast($base as varchar) as base_run_id,
            cast($started_at as timestamp) as started_at,
            count(*) as n_files,
            count(*) filter (where status in ('held', 'unknown', 'unreadable')) as n_files_unusable,
            coalesce(sum(rows_read), 0)::bigint as n_rows_read,
            coalesce(sum(rows_accepted), 0)::bigint as n_rows_accepted,
            coalesce(sum(rows_rejected), 0)::bigint as n_rows_rejected,
            coalesce(sum(rows_repeated), 0)::bigint as n_rows_repeated,
            coalesce(sum(rows_unread), 0)::bigint as n_rows_unread,
            (select count(*) from {record_map}) as n_parties,
            (select count(*) from {one_id} where status = 'active') as n_people,
            cast($finished_at as timestamp) as finished_at,
            {_figures(con)}
        from ops.source_file
        """,
        {
            "run_id": building.run_id,
            "as_of": building.as_of.isoformat(),
            "base": building.base,
            "started_at": building.started_at,
            "finished_at": finished_at,
        },
    )
    base = building.base_snapshot
    history = base / "tables" / "ops" / "run.parquet" if base else None
    if history and history.exists():
        con.execute(f"insert into ops.run by name select * from {_parquet(history)}")


def _figures(con: duckdb.DuckDBPyConnection) -> str:
    """SQL of what a run amounts to, so that the next can tell what has changed; null where a table is not there."""
    wanted = {
        "n_buyers": ("customer.customer_360", "count(*) filter (where n_purchases > 0)", "bigint"),
        "n_members": ("customer.customer_360", "count(*) filter (where is_member)", "bigint"),
        "net_amount_cny": ("marts.channel_daily", "sum(net_amount_cny)", "double"),
        "clv_12m_cny": ("marts.customer_equity", "sum(clv_12m_cny)", "double"),
    }
    there = {name for (name,) in con.execute("select schema_name || '.' || table_name from duckdb_tables()").fetchall()}
    return ", ".join(
        f"(select {sql} from {table})::{kind} as {name}" if table in there else f"null::{kind} as {name}"
        for name, (table, sql, kind) in wanted.items()
    )


def _touchpoints(building: Building, table: str) -> str:
    return _parquet(building.private / "touchpoints" / f"{table}.parquet")


def _parquet(path: Path) -> str:
    return f"read_parquet({literal(str(path))})"


def _count(con: Any, query: str) -> int:
    return int(con.sql(query).fetchall()[0][0])
