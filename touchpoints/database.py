"""A DuckDB for what Polars cannot do: hashes, and lists and objects inside JSON."""

from functools import cache

import duckdb


@cache
def database() -> duckdb.DuckDBPyConnection:
    """One empty database for all: opening one costs more than working on thousands of rows.

    Each use takes a `cursor()` of its own, with its own tables; it is safe from any thread.
    """
    return duckdb.connect()
