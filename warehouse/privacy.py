"""The privacy scan: proof that the analysts' file holds no phone, e-mail or national id in the clear.

It reads every text column of a warehouse and says where something personal lies, never what.
"""

from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

import duckdb

from warehouse.building import identifier, literal

# A number inside a longer number or a hash is not a phone: all patterns want an end on both sides.
_EDGE = r"(?:^|[^0-9A-Za-z])"
_END = r"(?:$|[^0-9A-Za-z])"
PATTERNS = {
    "phone": _EDGE + r"(?:\+?86[- ]?)?1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}" + _END,
    "email": r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}",
    "national_id": (
        _EDGE + r"((?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])[0-9]{4}"
        r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx])" + _END
    ),
}
# One pass of all patterns at once settles nearly every value. (Eleven digits in a row would not: a tenth of all hashes
# have them.)
_CANDIDATE = "|".join(f"(?:{pattern})" for pattern in PATTERNS.values())
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"


@dataclass(frozen=True)
class Finding:
    """Personal data in the clear: where, of which kind, and how many values."""

    schema: str
    table: str
    column: str
    kind: str
    n_values: int

    def __str__(self) -> str:
        return f"{self.schema}.{self.table}.{self.column}: {self.n_values} × {self.kind}"


def scan(con: duckdb.DuckDBPyConnection, database: str | None = None) -> list[Finding]:
    """Look through every text column (lists of text included) of every table of a database.

    Args:
        con: a connection that sees the database.
        database: its name on that connection; None for the one that the connection opened.

    Returns:
        findings by table and column; empty when the file is clean.
    """
    columns = con.execute(
        """
        select schema_name, table_name, column_name, data_type
        from duckdb_columns()
        where database_name = coalesce($database, current_database()) and not internal
          and (data_type like 'VARCHAR%' or data_type like 'STRUCT%' or data_type like 'MAP%'
               or data_type = 'JSON')
        order by schema_name, table_name, column_index
        """,
        {"database": database},
    ).fetchall()
    prefix = f"{identifier(database)}." if database else ""
    findings = []
    for (schema, table), found in groupby(columns, key=itemgetter(0, 1)):
        source = f"{prefix}{identifier(schema)}.{identifier(table)}"
        values = {
            column: identifier(column) if data_type == "VARCHAR" else f"cast({identifier(column)} as varchar)"
            for _, _, column, data_type in found
        }
        for column in _suspects(con, source, values):
            counts = con.execute(_scan_sql(source, values[column])).fetchall()[0]
            findings += [Finding(schema, table, column, kind, n) for kind, n in zip(PATTERNS, counts, strict=True) if n]
    return findings


def _suspects(con: duckdb.DuckDBPyConnection, source: str, values: dict[str, str]) -> list[str]:
    """The columns in which any value matches any pattern; all others are settled by this one pass over the table."""
    tests = ", ".join(f"bool_or(regexp_matches({value}, {literal(_CANDIDATE)}))" for value in values.values())
    suspicious = con.execute(f"select {tests} from {source}").fetchall()[0]
    return [column for column, is_suspect in zip(values, suspicious, strict=True) if is_suspect]


def _scan_sql(source: str, value: str) -> str:
    """One pass over a column: how many of its distinct values match each pattern."""
    tests = {kind: f"regexp_matches(v, {literal(pattern)})" for kind, pattern in PATTERNS.items()}
    number = f"regexp_extract(v, {literal(PATTERNS['national_id'])}, 1)"
    tests["national_id"] += f" and {_checksum_sql(number)}"
    counts = ", ".join(f"count(*) filter (where {test})" for test in tests.values())
    return (
        f"select {counts} from (select distinct {value} as v from {source} "
        f"where regexp_matches({value}, {literal(_CANDIDATE)}))"
    )


def _checksum_sql(number: str) -> str:
    """SQL that is true when an 18-digit number carries the right check digit (GB 11643)."""
    weighted = " + ".join(
        f"{weight} * try_cast(substring({number}, {i}, 1) as integer)" for i, weight in enumerate(_WEIGHTS, start=1)
    )
    expected = f"substring({literal(_CHECK_DIGITS)}, ({weighted}) % 11 + 1, 1)"
    return f"upper(substring({number}, 18, 1)) = {expected}"
