"""Keys of canonical rows: hashes that stay the same from run to run and from version to version.

Not keyed and not secret: what is personal must be hashed under the key before it comes here.
"""

from collections.abc import Sequence
from typing import Final

import duckdb
import polars as pl

_SEPARATOR: Final = "\x1f"


def md5_of(frame: pl.DataFrame, columns: Sequence[str | pl.Expr]) -> pl.Series:
    """MD5 (hex) of the columns of each row, joined by the unit separator; null counts as empty text."""
    parts = [pl.col(c) if isinstance(c, str) else c for c in columns]
    text = pl.concat_str([part.cast(pl.String).fill_null("") for part in parts], separator=_SEPARATOR)
    joined = frame.select(text=text)
    with duckdb.connect() as con:
        con.register("joined", joined)
        return con.sql("select md5(text) as hash from joined").pl().to_series()


def content_hash(frame: pl.DataFrame, column: str) -> pl.Series:
    """64 bits of the MD5 of a text column, to compare rows by."""
    with duckdb.connect() as con:
        con.register("rows", frame.select(text=pl.col(column).fill_null("")))
        return con.sql("select md5_number_lower(text) as hash from rows").pl().to_series()
