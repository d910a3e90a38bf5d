"""The data dictionary that audiences are checked against: published tables, their columns and types.

It is read from the published warehouse itself, so it cannot differ from what the SQL will run on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, Literal

import duckdb

from segments.saying import Said, say

Family = Literal["number", "text", "date", "timestamp", "boolean", "list", "other"]

SCHEMAS: Final = ("core", "customer", "marts")
PERSON: Final = "customer.customer_360"
# No audience may ask for it, but every list with a channel is checked against it.
REVIEW_ITEM: Final = "identity.review_item"
# Which people merged people are now.
ONE_ID: Final = "identity.one_id"
CATALOGUE: Final = "customer.tag_catalogue"
DICTIONARY: Final = "ops.data_dictionary"

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
    """A published column: its name, how it may be compared, and what is said of it.

    Attributes:
        meaning: what it means, in English; empty where nobody said.
        meaning_zh: the same in Chinese.
        low: least value of a number, where one is known.
        high: its greatest value.
        accepted: its only values, where they are known.
        personal: what it still tells of a person, as `region`.
    """

    name: str
    family: Family
    meaning: str = ""
    meaning_zh: str = ""
    low: float | None = None
    high: float | None = None
    accepted: tuple[str, ...] | None = None
    personal: str | None = None


@dataclass(frozen=True)
class DataDictionary:
    """Published tables by `schema.table`, each with its columns by name.

    Attributes:
        tags: every tag that there is; None where the warehouse has no catalogue of them.
    """

    tables: Mapping[str, Mapping[str, ColumnInfo]]
    tags: frozenset[str] | None = None

    def missing(self, table: str, column: str | None = None) -> tuple[Said, Said] | None:
        """Why a table or column cannot be used, as problem and remedy; None when it is there."""
        if table not in self.tables:
            near = get_close_matches(table, self.tables, n=1)
            return say("no_table", table=table), say("did_you_mean", near=near[0]) if near else say("run_first")
        if column is None or column in self.tables[table]:
            return None
        near = get_close_matches(column, self.tables[table], n=1)
        known = say("its_columns", columns=", ".join(sorted(self.tables[table])))
        return say("no_column", table=table, column=column), say("did_you_mean", near=near[0]) if near else known


def read_dictionary(con: duckdb.DuckDBPyConnection) -> DataDictionary:
    """The tables that audiences may use, from the warehouse's own catalogue and its data dictionary.

    A warehouse that an earlier version published has no `ops.data_dictionary`; comments say what its columns mean.
    """
    rows = con.execute(
        """
        SELECT schema_name || '.' || table_name, column_name, data_type, comment
        FROM duckdb_columns()
        WHERE database_name = current_database() AND NOT internal
            AND (list_contains(?, schema_name) OR list_contains(?, schema_name || '.' || table_name))
        ORDER BY schema_name, table_name, column_index
        """,
        [list(SCHEMAS), [REVIEW_ITEM, ONE_ID, DICTIONARY]],
    ).fetchall()
    said = _said(con) if any(table == DICTIONARY for table, *_ in rows) else {}
    tables: dict[str, dict[str, ColumnInfo]] = {}
    for table, column, data_type, comment in rows:
        if table != DICTIONARY:
            english, _, chinese = (comment or "").partition(" · ")
            known = said.get((table, column), (english, chinese, None, None, None, None))
            tables.setdefault(table, {})[column] = _info(column, data_type, known)
    tags = None
    if CATALOGUE in tables:
        tags = frozenset(tag for (tag,) in con.execute(f"SELECT tag FROM {CATALOGUE}").fetchall())
    return DataDictionary(tables, tags or None)


def _info(column: str, data_type: str, known: tuple[Any, ...]) -> ColumnInfo:
    meaning, meaning_zh, low, high, accepted, personal = known
    values = tuple(accepted) if accepted else None
    return ColumnInfo(column, family_of(data_type), meaning or "", meaning_zh or "", low, high, values, personal)


def _said(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], tuple[Any, ...]]:
    rows = con.execute(
        f"""
        SELECT schema_name || '.' || table_name, column_name, meaning, meaning_zh, least_value, most_value,
            accepted_values, personal
        FROM {DICTIONARY}
        """
    ).fetchall()
    return {(table, column): tuple(rest) for table, column, *rest in rows}


def family_of(data_type: str) -> Family:
    """How values of a DuckDB type may be compared."""
    if data_type.endswith("[]"):
        return "list" if family_of(data_type[:-2]) in ("text", "number") else "other"
    if data_type.startswith("DECIMAL"):
        return "number"
    return _FAMILIES.get(data_type, "other")
