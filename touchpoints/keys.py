"""Keys of canonical rows: hashes that stay the same from run to run and from version to version.

Not keyed and not secret: what is personal must be hashed under the key before it comes here.
"""

from collections.abc import Sequence
from functools import cache
from typing import Final

import duckdb
import polars as pl

_SEPARATOR: Final = "\x1f"


def md5_of(frame: pl.DataFrame, columns: Sequence[str | pl.Expr]) -> pl.Series:
    """MD5 (hex) of the columns of each row, joined by the unit separator; null counts as empty text."""
    parts = [pl.col(c) if isinstance(c, str) else c for c in columns]
    text = pl.concat_str([part.cast(pl.String).fill_null("") for part in parts], separator=_SEPARATOR)
    joined = frame.select(text=text)
    with _database().cursor() as con:
        con.register("joined", joined)
        return con.sql("select md5(text) as hash from joined").pl().to_series()


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One empty database for all hashing: opening one costs more than hashing thousands of rows."""
    return duckdb.connect()
