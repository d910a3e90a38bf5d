"""Rows of a query as dictionaries, for templates."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb

Row = dict[str, Any]


def rows(con: duckdb.DuckDBPyConnection, query: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
    """The rows of a query, each by column name."""
    found = con.execute(query, values)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def one(con: duckdb.DuckDBPyConnection, query: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> Row | None:
    """The first row of a query, if there is any."""
    found = rows(con, query, values)
    return found[0] if found else None


def has_table(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether the published run has `schema.table`; runs of earlier versions lack the newer ones."""
    schema, table = name.split(".")
    query = (
        "select count(*) from information_schema.tables "
        "where table_catalog = current_database() and table_schema = ? and table_name = ?"
    )
    return bool(con.execute(query, [schema, table]).fetchall()[0][0])
