"""Assembling a snapshot: the finished warehouse file, its tables as Parquet, and a manifest of them.

What is inside the tables is the stages' matter; whether the snapshot goes live, the checks' and `publish`'s.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl

from warehouse.building import DEFAULT_ENGINE, Building, Engine, identifier, literal
from warehouse.home import MANIFEST, WAREHOUSE, Home
from warehouse.ops import build_checks, build_dictionary, build_ops

# Tables that are asked for one person at a time: whose rows lie together is found by reading a few blocks.
_BY_PERSON: Final = {"identity.record_map": "one_id, record_id, role", "identity.one_id": "one_id"}


def attach_tables(building: Building, tables: Mapping[str, Path]) -> dict[str, int]:
    """Copy Parquet tables into the warehouse being built, replacing those that are there.

    Args:
        building: the run.
        tables: `schema.table` → Parquet file.

    Returns:
        rows by `schema.table`.
    """
    rows = {}
    for name, path in tables.items():
        schema, table = name.split(".")
        target = f"{identifier(schema)}.{identifier(table)}"
        building.con.execute(f"create schema if not exists {identifier(schema)}")
        order = f" order by {_BY_PERSON[name]}" if name in _BY_PERSON else ""
        source = f"read_parquet({literal(str(path))})"
        building.con.execute(f"create or replace table {target} as select * from {source}{order}")
        rows[name] = _count(building.con, schema, table)
    return rows


def assemble(
    building: Building,
    tables: Mapping[str, Path],
    *,
    finished_at: datetime,
    figures: Mapping[str, Any] | None = None,
    macros: Sequence[Path] = (),
    described: pl.DataFrame | None = None,
    checks: pl.DataFrame | None = None,
) -> dict[str, Any]:
    """Bring the run's tables together in `building/<id>/snapshot`.

    Args:
        building: the run; its connection is closed by this.
        tables: published tables that no model makes, see `attach_tables`.
        finished_at: UTC; told by the caller, as libraries have no clock.
        figures: the stages' own figures, kept in the manifest.
        macros: SQL files that make macros over the tables, for whoever opens the warehouse.
        described: what the columns mean, see `warehouse.ops.build_dictionary`; None leaves the dictionary out.
        checks: what the run's checks found, for `ops.run_check`; None leaves that table as it is.

    Returns:
        the manifest.
    """
    attach_tables(building, tables)
    build_ops(building, finished_at)
    if checks is not None:
        build_checks(building.con, checks)
    if described is not None:
        build_dictionary(building.con, described)
    for path in macros:
        building.con.execute(path.read_text(encoding="utf-8"))
    if building.snapshot.exists():
        shutil.rmtree(building.snapshot)
    folder = building.scratch("snapshot", "tables")
    written = [_write_table(building.con, folder, schema, table) for schema, table in _tables(building.con)]
    building.con.execute("checkpoint")
    building.unmount_all()
    # A copy, not a move: a check that fails after this must find the building as its stages left it.
    shutil.copyfile(building.warehouse, building.snapshot / WAREHOUSE)
    manifest = {
        "run_id": building.run_id,
        "as_of": building.as_of.isoformat(),
        "base_run_id": building.base,
        "history": _history(building),
        "guiyi_version": version("guiyi"),
        "time_zone": building.time_zone,
        "started_at": building.started_at.isoformat(timespec="seconds"),
        "finished_at": finished_at.isoformat(timespec="milliseconds"),
        "warehouse": {"bytes": (building.snapshot / WAREHOUSE).stat().st_size},
        "figures": dict(figures or {}),
        "tables": written,
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2)
    (building.snapshot / MANIFEST).write_text(text + "\n")
    return manifest


def open_warehouse(
    home: Home, run_id: str | None = None, *, engine: Engine = DEFAULT_ENGINE
) -> duckdb.DuckDBPyConnection:
    """A read-only connection to the published warehouse, or to a kept snapshot.

    The snapshot's own file is opened, so the connection goes on reading that run while the next is published.

    Raises:
        UsageError: nothing is published, or that snapshot is not kept.
    """
    run_id = run_id or home.require_published()
    home.manifest(run_id)
    return engine.connect(home.snapshot(run_id) / WAREHOUSE, read_only=True)


def _tables(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    return con.sql(
        "select schema_name, table_name from duckdb_tables() "
        "where database_name = current_database() and not internal order by 1, 2"
    ).fetchall()


def _write_table(con: duckdb.DuckDBPyConnection, folder: Path, schema: str, table: str) -> dict[str, Any]:
    path = folder / schema / f"{table}.parquet"
    path.parent.mkdir(exist_ok=True)
    source = f"{identifier(schema)}.{identifier(table)}"
    con.execute(f"copy {source} to {literal(str(path))} (format parquet, compression zstd, compression_level 1)")
    return {
        "schema": schema,
        "table": table,
        "rows": _count(con, schema, table),
        "path": f"tables/{schema}/{table}.parquet",
        "bytes": path.stat().st_size,
        "sha256": _sha256(path),
    }


def _count(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> int:
    return int(con.sql(f"select count(*) from {identifier(schema)}.{identifier(table)}").fetchall()[0][0])


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _history(building: Building) -> list[str]:
    """Every run id that led here, oldest first, this run last."""
    before = building.home.manifest(building.base)["history"] if building.base else []
    return [*before, building.run_id]
