"""A published home of a million people in the real schema, for measuring what reads a warehouse.

Run: python -m benchmarks.million_home TARGET [--source HOME] [--people 1000000]
Made from a home that a run published (the demo's will do): every table that tells of people is laid down as many times
as it takes, each time with other ids, so that events, orders, tags and consent keep their proportions; amounts differ a
little from copy to copy. Tables that tell of no people are copied once. Nobody in it is real; no run can go on from it.
"""

import argparse
import json
import re
import shutil
import time
from pathlib import Path
from typing import Final

import duckdb

from warehouse.building import DEFAULT_ENGINE, identifier, literal
from warehouse.home import MANIFEST, WAREHOUSE, Home

# Columns that name a person, or something that is theirs alone.
_OWN: Final = re.compile(
    r"(.*_)?one_id(_[ab])?|merged_into|(.*_)?record_id(_[ab])?|order_key|order_no|event_id|entry_id|balance_id|consent_id|"
    r"device_id|household_id|item_id|business_person_id"
)
_PERSON: Final = re.compile(r"(.*_)?one_id(_[ab])?|(.*_)?record_id(_[ab])?|household_id|item_id")
_AMOUNTS: Final = ("net_amount_cny", "clv_12m_cny", "monetary_cny", "net_amount_365d_cny")
# The order in which a run publishes what is large, since it decides how much of it a question reads.
_ORDER: Final = {"events": "t.type, t.event_date"}
_SCHEMAS: Final = ("core", "customer", "identity")
# Of the vault: what contacts and lists are made from, with the column that must differ from copy to copy.
_VAULT: Final = {
    "identity/contact_point": "value",
    "identity/golden_value": None,
    "touchpoints/consent": "id_value",
    "touchpoints/identifier": "id_value",
}


def million_home(target: Path, source: Path, *, people: int = 1_000_000) -> Home:
    """Builds the home, or gives it back when it is there with as many people already.

    Args:
        target: the home to make; replaced when it holds another number of people.
        source: a home that a run published.
        people: how many people at least.

    Returns:
        the home, published.
    """
    found = Home(target)
    if found.published() and found.manifest(found.require_published()).get("people_wanted") == people:
        return found
    shutil.rmtree(target, ignore_errors=True)
    origin = Home(source)
    run = origin.require_published()
    found.prepare()
    found.snapshot(run).mkdir()
    con = DEFAULT_ENGINE.connect(found.snapshot(run) / WAREHOUSE, spill=target / "spill")
    con.execute("set preserve_insertion_order = false")
    con.execute(f"attach {literal(str(origin.snapshot(run) / WAREHOUSE))} as origin (read_only)")
    n_people = _number(con, "origin.customer.customer_360")
    con.execute(f"create temp table copies as select range as copy from range({-(-people // n_people)})")
    tables = [
        {"schema": schema, "table": table, "rows": _multiply(con, schema, table)}
        for schema, table in con.sql(
            "select schema_name, table_name from duckdb_tables() where database_name = 'origin' order by 1, 2"
        ).fetchall()
    ]
    for name, value in _VAULT.items():
        _multiply_vault(con, origin.vault / run / f"{name}.parquet", found.vault / run / f"{name}.parquet", value)
    con.execute("checkpoint")
    con.close()
    shutil.rmtree(target / "spill", ignore_errors=True)
    manifest = origin.manifest(run) | {"tables": tables, "people_wanted": people}
    (found.snapshot(run) / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    found.warehouse.symlink_to(Path("snapshots") / run / WAREHOUSE)
    return found


def _multiply(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> int:
    name = f"{identifier(schema)}.{identifier(table)}"
    columns = con.sql(
        f"select column_name, data_type from duckdb_columns() where database_name = 'origin' "
        f"and schema_name = {literal(schema)} and table_name = {literal(table)} order by column_index"
    ).fetchall()
    con.execute(f"create schema if not exists {identifier(schema)}")
    has_people = schema in _SCHEMAS and any(_PERSON.fullmatch(column) for column, _ in columns)
    if not has_people:
        con.execute(f"create table {name} as select * from origin.{name}")
        return _number(con, name)
    changed = [_changed(column) for column, kind in columns if kind == "VARCHAR" and _OWN.fullmatch(column)]
    changed += [
        f"round({column} * (0.9 + 0.2 * (hash(one_id, copy) % 1000) / 1000), 2) as {column}"
        for column, kind in columns
        if table == "customer_360" and column in _AMOUNTS and kind == "DOUBLE"
    ]
    order = f"order by {_ORDER[table]}" if table in _ORDER else ""
    query = f"select t.* replace ({', '.join(changed)}) from copies, origin.{name} as t {order}"
    con.execute(f"create table {name} as {query}")
    return _number(con, name)


def _changed(column: str) -> str:
    """An id of its own for each copy; the first keeps those of the source."""
    name = identifier(column)
    return f"case when copy = 0 then t.{name} else t.{name} || copy::varchar || 'C' end as {name}"


def _multiply_vault(con: duckdb.DuckDBPyConnection, source: Path, target: Path, value: str | None) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    table = f"read_parquet({literal(str(source))})"
    columns = [row[0] for row in con.sql(f"describe select * from {table}").fetchall()]
    changed = [_changed(column) for column in columns if column in ("one_id", "record_id", value)]
    con.execute(
        f"copy (select t.* replace ({', '.join(changed)}) from copies, {table} as t) "
        f"to {literal(str(target))} (format parquet, compression zstd, compression_level 1)"
    )
    target.chmod(0o600)


def _number(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(con.sql(f"select count(*) from {table}").fetchall()[0][0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path, help="the home to make; needs about 6 GB")
    parser.add_argument("--source", type=Path, default=Path("data/demo"), help="a home that a run published")
    parser.add_argument("--people", type=int, default=1_000_000)
    arguments = parser.parse_args()
    began = time.perf_counter()
    home = million_home(arguments.target, arguments.source, people=arguments.people)
    size = sum(path.stat().st_size for path in home.path.rglob("*") if path.is_file())
    print(f"{home.path}: {size / 1e9:.1f} GB in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
