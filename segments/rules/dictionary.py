"""The data dictionary that audiences are checked against: published tables, their columns and types.

It is read from the published warehouse itself, so it cannot differ from what the SQL will run on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal

import duckdb

Family = Literal["number", "text", "date", "timestamp", "boolean", "list", "other"]

SCHEMAS: Final = ("core", "customer", "marts")
PERSON: Final = "customer.customer_360"
# No audience may ask for it, but every list with a channel is checked against it.
REVIEW_ITEM: Final = "identity.review_item"

_FAMILIES: Final[dict[str, Family]] = {
    "VARCHAR": "text",
    "DATE": "date",
    "BOOLEAN": "boolean",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp",
    "TINYINT": "number",
    "SMALLINT": "number",
    "INTEGER": "number",
    "BIGINT": "number",
    "HUGEINT": "number",
    "UTINYINT": "number",
    "USMALLINT": "number",
    "UINTEGER": "number",
    "UBIGINT": "number",
    "UHUGEINT": "number",
    "FLOAT": "number",
    "DOUBLE": "number",
}


@dataclass(frozen=True)
class ColumnInfo:
    """A published column: its name, and how it may be compared."""

    name: str
    family: Family


@dataclass(frozen=True)
class DataDictionary:
    """Published tables by `schema.table`, each with its columns by name."""

    tables: Mapping[str, Mapping[str, ColumnInfo]]

    def missing(self, table: str, column: str | None = None) -> tuple[str, str] | None:
        """Why a table or column cannot be used, as problem and remedy; None when it is there."""
        if table not in self.tables:
            near = get_close_matches(table, self.tables, n=1)
            remedy = f"Did you mean {near[0]}?" if near else "Run `guiyi run` with this version first."
            return f"the published warehouse has no table {table}.", remedy
        if column is None or column in self.tables[table]:
            return None
        near = get_close_matches(column, self.tables[table], n=1)
        known = f"its columns are {', '.join(sorted(self.tables[table]))}."
        remedy = f"Did you mean {near[0]}?" if near else known.capitalize()
        return f"{table} has no column {column}.", remedy


def read_dictionary(con: duckdb.DuckDBPyConnection) -> DataDictionary:
    """The tables that audiences may use, from the warehouse's information schema."""
    rows = con.execute(
        """
        SELECT table_schema || '.' || table_name, column_name, data_type
        FROM information_schema.columns
        WHERE table_catalog = current_database()
            AND (list_contains(?, table_schema) OR table_schema || '.' || table_name = ?)
        ORDER BY table_schema, table_name, ordinal_position
        """,
        [list(SCHEMAS), REVIEW_ITEM],
    ).fetchall()
    tables: dict[str, dict[str, ColumnInfo]] = {}
    for table, column, data_type in rows:
        tables.setdefault(table, {})[column] = ColumnInfo(column, family_of(data_type))
    return DataDictionary(tables)


def family_of(data_type: str) -> Family:
    """How values of a DuckDB type may be compared."""
    if data_type.endswith("[]"):
        return "list" if family_of(data_type[:-2]) in ("text", "number") else "other"
    if data_type.startswith("DECIMAL"):
        return "number"
    return _FAMILIES.get(data_type, "other")
