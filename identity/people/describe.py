"""Descriptions: records that say exactly the same are compared as one.

Belongs here: every text of a field gets a number once; from then on records are
rows of numbers, and only distinct texts are ever looked at. What fields mean is `fields`' matter.
"""

from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from identity.people.fields import LISTS, PARTED, Field, fields_of, narrow
from identity.people.roles import ColumnMap
from identity.people.table import cell, column_of

Codes = NDArray[np.int32]
Hashes = NDArray[np.uint64]
# Odd numbers that the hashes of a record's values are mixed by; another is tried where two descriptions collide.
_FACTORS: Final = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB, 0xD6E8FEB86659FD93)


@dataclass(frozen=True)
class Described:
    """The distinct descriptions of a table's records.

    Attributes:
        n: how many there are. They are numbered from 0 by what they say, so that the order of rows changes nothing.
        of_row: the description of each row.
        codes: by field, the number of the value that each description has of it; -1 where it says nothing.
        values: by field, one row per value in the order of its number: value (text, or list of texts), n (how many
            descriptions have it).
        file: of each description, where a person is in a file once; None elsewhere.
    """

    n: int
    of_row: Codes
    codes: dict[str, Codes]
    values: dict[str, pl.DataFrame]
    file: Codes | None


def describe(con: duckdb.DuckDBPyConnection, column_map: ColumnMap) -> Described:
    """The descriptions that the rows of `told` make."""
    of_row: dict[str, Codes] = {}
    texts: dict[str, pa.Array] = {}
    for name, field in fields_of(column_map).items():
        of_row[name], texts[name] = _coded(con, field)
    hashes = {name: _hashed(con, text) for name, text in texts.items()}
    file = None
    if column_map.one_per_file:
        file = column_of(con, "file").cast(pl.Int32).to_numpy()
        of_row["file"], hashes["file"] = file, np.arange(int(file.max()) + 1, dtype=np.uint64)
    number, first = _distinct(of_row, hashes)
    codes = {name: code[first] for name, code in of_row.items()}
    if file is not None:
        file = codes.pop("file")
    values = {name: _values(con, name, text, codes[name]) for name, text in texts.items()}
    return Described(len(first), number, codes, values, file)


def _coded(con: duckdb.DuckDBPyConnection, field: Field) -> tuple[Codes, pa.Array]:
    """A field's value of each row as a number from 0, -1 for none; and the values."""
    rows = con.sql(f"select row_key, {field.said} as said from told").to_arrow_table()
    code, texts = _encoded(rows["said"])
    said = np.empty(len(code), dtype=np.int32)
    said[rows["row_key"].to_numpy()] = code
    del rows, code
    # Step by step: each says its text several times over, and it would be worked out as often.
    narrowed = f"select {narrow('said')} as said, row from (select {cell('text')} as said, row from text)"
    meant = _of_each(con, texts, f"select {field.value} as value, row from ({narrowed})")
    if meant.equals(pa.chunked_array([texts])):
        return said, texts  # all is written as it is meant
    value, values = _encoded(meant)
    return np.append(value, np.int32(-1))[said], values


def _encoded(column: pa.ChunkedArray) -> tuple[Codes, pa.Array]:
    """Numbers of a column's texts, in the order in which they happen to come, and the texts."""
    encoded = column.dictionary_encode()
    if not encoded.num_chunks:
        return np.empty(0, dtype=np.int32), pa.array([], type=pa.string())
    # The dictionary grows from chunk to chunk: the last one's has all.
    codes = [chunk.indices.fill_null(-1).to_numpy() for chunk in encoded.chunks]
    return np.concatenate(codes).astype(np.int32, copy=False), encoded.chunks[-1].dictionary


def _hashed(con: duckdb.DuckDBPyConnection, texts: pa.Array) -> Hashes:
    return _of_each(con, texts, "select hash(text) as value, row from text").to_numpy().astype(np.uint64, copy=False)


def _of_each(con: duckdb.DuckDBPyConnection, texts: pa.Array, query: str) -> pa.ChunkedArray:
    """What a query over `text` (text, row) says as `value` of each text, in their order."""
    con.register("text", pa.table({"text": texts, "row": np.arange(len(texts), dtype=np.int32)}))
    found = con.sql(query).to_arrow_table()
    con.unregister("text")
    row = found["row"].to_numpy()
    # Arrow tables are scanned in stretches, whichever thread comes first.
    is_ordered = bool((row[1:] > row[:-1]).all())
    return found["value"] if is_ordered else found["value"].take(pa.array(np.argsort(row)))


def _distinct(of_row: dict[str, Codes], hashes: dict[str, Hashes]) -> tuple[Codes, NDArray[np.int64]]:
    """The description of each row, numbered in the order of their hashes, and a row of each description."""
    n = len(next(iter(of_row.values())))
    for factor in _FACTORS:
        mixed = np.full(n, factor, dtype=np.uint64)
        for name, code in of_row.items():
            mixed *= np.uint64(factor)
            mixed += np.append(hashes[name], np.uint64(factor >> 1))[code]
        order = np.argsort(mixed)
        mixed = mixed[order]
        is_first = np.append(True, mixed[1:] != mixed[:-1])[:n]
        number = np.empty(n, dtype=np.int32)
        number[order] = np.cumsum(is_first, dtype=np.int32) - 1
        first = order[is_first]
        # Equal hashes are equal descriptions, but once in a million tables of a million rows.
        if all(np.array_equal(code[first][number], code) for code in of_row.values()):
            return number, first
    raise AssertionError("descriptions collide under every factor")


def _values(con: duckdb.DuckDBPyConnection, name: str, texts: pa.Array, codes: Codes) -> pl.DataFrame:
    values = pl.DataFrame({
        "value": pl.from_arrow(texts),
        "n": np.bincount(codes[codes >= 0], minlength=len(texts)).astype(np.int32),
    })  # fmt: skip
    if name not in LISTS:
        return values
    parted = pl.col("value").str.split(con.sql(f"select {PARTED}").fetchall()[0][0])
    return values.with_columns(parted)
