"""Reading tables of people: CSV and Parquet files as one DuckDB table of text columns.

Belongs here: files in, one row per record, in the order of the files. What the columns mean is `fields`' matter.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from common.errors import UsageError

# What files write where nothing is known.
_NOTHING: Final = ("", "-", "--", "n/a", "na", "nan", "nil", "none", "null", "unknown", "未知", "无", "不详")
_ROW: Final = "row of the frame"
_SUFFIXES: Final = (".csv", ".tsv", ".txt", ".parquet", ".pq")


def read_tables(con: duckdb.DuckDBPyConnection, sources: Sequence[Path | pl.DataFrame]) -> list[str]:
    """Creates `told`: row_key (int32), file (int16), and every column of the files as the text that is there.

    Parquet files are read where they lie, column by column, whenever they are asked; all else is read once. Rows are
    numbered from 0 in the order of the files; they come in any order.

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
    if taken := {"file", "row_key"}.intersection(names):
        raise UsageError(f"The column name {min(taken)} is taken by the answer; rename that column in the file.")
    in_place = all("read_parquet" in scan for scan in scans)
    parts, n_before = [], 0
    for number, (scan, columns) in enumerate(zip(scans, of_file, strict=True)):
        written = {name: column for column, name in columns}
        told = ", ".join(_text(written.get(name), name) for name in names)
        key = f"(file_row_number + {n_before})::int as row_key, " if in_place else ""
        parts.append(f"select {key}{number}::smallint as file, {told} from {scan}")
        n_before += _n_rows(con, scan) if in_place else 0
    whole = " union all ".join(parts)
    try:
        if in_place:
            con.execute(f"create or replace view told as {whole}")
        else:
            numbered = f"select (row_number() over () - 1)::int as row_key, * from ({whole})"
            con.execute(f"create or replace table told as {numbered}")
        is_empty = not con.sql("select file from told limit 1").fetchall()
    except duckdb.Error as problem:
        raise _unreadable(sources, problem) from problem
    if is_empty:
        raise UsageError(f"{_names(sources)}: there are no rows below the header.")
    return names


def sample(con: duckdb.DuckDBPyConnection, names: Sequence[str], rows: int = 5_000) -> pl.DataFrame:
    """Some rows of `told`, evenly spread, for guessing what the columns are."""
    listed = ", ".join(f"{cell(quoted(name))} as {quoted(name)}" for name in names)
    return con.sql(f"""
        with step as (select greatest(count(*) // {rows}, 1) as step from told)
        select {listed} from told, step where row_key % step = 0 order by row_key limit {rows}
    """).pl()


def column_of(con: duckdb.DuckDBPyConnection, sql: str) -> pl.Series:
    """What SQL says of each row of `told`, in their order."""
    return con.sql(f"select row_key, {sql} as said from told").pl().sort("row_key")["said"]


def cell(text: str) -> str:
    """SQL for what a cell says: without the spaces around, and null where it says that nothing is known."""
    nothing = ", ".join(f"'{word}'" for word in _NOTHING)
    # Such words have few bytes; looking at the length first spares most cells the rest.
    longest = max(len(word.encode()) for word in _NOTHING)
    trimmed = f"trim({text})"
    return f"case when strlen({trimmed}) > {longest} or lower({trimmed}) not in ({nothing}) then {trimmed} end"


def quoted(name: str) -> str:
    """A column name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def _scan(con: duckdb.DuckDBPyConnection, number: int, source: Path | pl.DataFrame) -> str:
    """The FROM clause that reads a source."""
    if isinstance(source, pl.DataFrame):
        # A table of Arrow's is scanned in any order unless it is told otherwise.
        con.register(f"frame_{number}", source.with_row_index(_ROW).to_arrow())
        con.execute(
            f'create table source_{number} as select * exclude ("{_ROW}") from frame_{number} order by "{_ROW}"'
        )
        con.unregister(f"frame_{number}")
        return f"source_{number}"
    if not source.is_file():
        raise UsageError(f"There is no file {source}.")
    if source.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"{source.name} is neither CSV nor Parquet; save it as one of these.")
    text = str(source).replace("'", "''")
    if source.suffix.lower() in (".parquet", ".pq"):
        return f"read_parquet('{text}', file_row_number = true)"
    return f"read_csv('{text}', header = true, all_varchar = true)"


def _columns(con: duckdb.DuckDBPyConnection, scan: str, source: Path | pl.DataFrame) -> list[tuple[str, str]]:
    """The columns of a source: as it writes them, and without the spaces around."""
    try:
        written = [str(row[0]) for row in con.sql(f"describe select * from {scan}").fetchall()]
    except duckdb.Error as problem:
        raise _unreadable([source], problem) from problem
    return [(name, name.strip()) for name in written if "read_parquet" not in scan or name != "file_row_number"]


def _n_rows(con: duckdb.DuckDBPyConnection, scan: str) -> int:
    return int(con.sql(f"select count(*) from {scan}").fetchall()[0][0])


def _names(sources: Sequence[Path | pl.DataFrame]) -> str:
    return ", ".join(source.name if isinstance(source, Path) else "the table" for source in sources)


def _unreadable(sources: Sequence[Path | pl.DataFrame], problem: duckdb.Error) -> UsageError:
    # DuckDB's own words may quote a line of the file, which is personal data.
    encoding = "utf-8" in str(problem).lower() or "unicode" in str(problem).lower()
    remedy = "save it as UTF-8" if encoding else "check that every row has the header's columns"
    return UsageError(f"{_names(sources)} cannot be read as a table; {remedy}.")


def _text(column: str | None, name: str) -> str:
    return f"{'null' if column is None else quoted(column)}::varchar as {quoted(name)}"
