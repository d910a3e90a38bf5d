"""Reading tables of people: CSV and Parquet files into one DuckDB table of text columns.

Belongs here: files in, one row per record, `row_key` counting from 0 in the order of the files. What the columns mean
is `fields`' matter.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from common.errors import UsageError

# What files write where nothing is known.
_NOTHING: Final = ("", "-", "--", "n/a", "na", "nan", "nil", "none", "null", "unknown", "未知", "无", "不详")
_SUFFIXES: Final = (".csv", ".tsv", ".txt", ".parquet", ".pq")


def read_tables(con: duckdb.DuckDBPyConnection, sources: Sequence[Path | pl.DataFrame]) -> list[str]:
    """Creates table `told`: row_key (int32), file (int16), and every column of the files as trimmed text or null.

    Args:
        sources: CSV (with a header, UTF-8) or Parquet files, or data frames; a column that one lacks is null there.

    Returns:
        The names of the files' columns, without the spaces around them.

    Raises:
        UsageError: a file is missing, of another kind, unreadable, or without rows; or none was given.
    """
    if not sources:
        raise UsageError("No file was given; name one or more CSV or Parquet files.")
    scans = [_scan(con, number, source) for number, source in enumerate(sources)]
    of_file: list[list[tuple[str, str]]] = [
        _columns(con, scan, source) for scan, source in zip(scans, sources, strict=True)
    ]
    names = list(dict.fromkeys(name for columns in of_file for _, name in columns))
    if "row_key" in names or "file" in names:
        names_taken = "row_key" if "row_key" in names else "file"
        raise UsageError(f"The column name {names_taken} is taken by the answer; rename that column in the file.")
    parts = []
    for number, (scan, columns) in enumerate(zip(scans, of_file, strict=True)):
        written = {name: column for column, name in columns}
        told = ", ".join(_value(written.get(name), name) for name in names)
        parts.append(f"select {number}::smallint as file, {told} from {scan}")
    try:
        con.execute(f"""
            create or replace table told as
            select (row_number() over () - 1)::int as row_key, * from ({" union all ".join(parts)})
        """)
    except duckdb.Error as problem:
        raise _unreadable(sources, problem) from problem
    if not con.sql("select 1 from told limit 1").fetchall():
        raise UsageError(f"{_names(sources)}: there are no rows below the header.")
    return names


def sample(con: duckdb.DuckDBPyConnection, names: Sequence[str], rows: int = 5_000) -> pl.DataFrame:
    """Some rows of `told`, evenly spread, for guessing what the columns are."""
    listed = ", ".join(quoted(name) for name in names)
    return con.sql(f"""
        with counted as (select *, (select greatest(count(*) // {rows}, 1) from told) as step from told)
        select {listed} from counted where row_key % step = 0 order by row_key limit {rows}
    """).pl()


def quoted(name: str) -> str:
    """A column name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def _scan(con: duckdb.DuckDBPyConnection, number: int, source: Path | pl.DataFrame) -> str:
    """The FROM clause that reads a source."""
    if isinstance(source, pl.DataFrame):
        con.register(f"source_{number}", source.to_arrow())
        return f"source_{number}"
    if not source.is_file():
        raise UsageError(f"There is no file {source}.")
    if source.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"{source.name} is neither CSV nor Parquet; save it as one of these.")
    text = str(source).replace("'", "''")
    if source.suffix.lower() in (".parquet", ".pq"):
        return f"read_parquet('{text}')"
    return f"read_csv('{text}', header = true, all_varchar = true)"


def _columns(con: duckdb.DuckDBPyConnection, scan: str, source: Path | pl.DataFrame) -> list[tuple[str, str]]:
    """The columns of a source: as it writes them, and without the spaces around."""
    try:
        written = [str(row[0]) for row in con.sql(f"describe select * from {scan}").fetchall()]
    except duckdb.Error as problem:
        raise _unreadable([source], problem) from problem
    return [(name, name.strip()) for name in written]


def _names(sources: Sequence[Path | pl.DataFrame]) -> str:
    return ", ".join(source.name if isinstance(source, Path) else "the table" for source in sources)


def _unreadable(sources: Sequence[Path | pl.DataFrame], problem: duckdb.Error) -> UsageError:
    # DuckDB's own words may quote a line of the file, which is personal data.
    encoding = "utf-8" in str(problem).lower() or "unicode" in str(problem).lower()
    remedy = "save it as UTF-8" if encoding else "check that every row has the header's columns"
    return UsageError(f"{_names(sources)} cannot be read as a table; {remedy}.")


def _value(column: str | None, name: str) -> str:
    if column is None:
        return f"null::varchar as {quoted(name)}"
    text = f"trim({quoted(column)}::varchar)"
    nothing = ", ".join(f"'{word}'" for word in _NOTHING)
    return f"case when lower({text}) not in ({nothing}) then {text} end as {quoted(name)}"
