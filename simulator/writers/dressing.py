"""How cells look in export files: money, times, quotes, Excel protection; and rows of a CSV."""

import json
from functools import lru_cache

import numpy as np
import polars as pl

from simulator.fulfilment import NEVER
from simulator.people import Calendar
from simulator.streams import Ints, Texts
from simulator.words import DATA


@lru_cache(maxsize=1)
def _headers() -> dict[str, list[str]]:
    text = (DATA / "headers.json").read_text(encoding="utf-8")
    return dict(json.loads(text))


def header(name: str) -> list[str]:
    """The columns of an export, in its order."""
    return list(_headers()[name])


def text(value: str) -> pl.Expr:
    """The same text in every row."""
    return pl.lit(value, dtype=pl.String)


def money(value: pl.Expr) -> pl.Expr:
    """An amount with two decimals, `-12.50`."""
    cents = (value.fill_null(0) * 100).round(0).cast(pl.Int64)
    sign = pl.when(cents < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    whole = (cents.abs() // 100).cast(pl.String)
    return sign + whole + "." + (cents.abs() % 100).cast(pl.String).str.zfill(2)


def moment(at: pl.Expr, span: Calendar, *, before: int = NEVER, pattern: str = "%Y-%m-%d %H:%M:%S") -> pl.Expr:
    """A second of the world as text; empty where it lies at or after `before` or never comes."""
    start = int(np.datetime64(span.start, "s").astype(np.int64))
    known = pl.when(at < min(before, NEVER)).then(at)  # first, since NEVER as a time would overflow
    return ((known + start) * 1_000_000).cast(pl.Datetime("us")).dt.strftime(pattern).fill_null("")


def number(value: pl.Expr) -> pl.Expr:
    """A whole number as text."""
    return value.cast(pl.Int64).cast(pl.String)


def quoted(value: pl.Expr) -> pl.Expr:
    """A cell in double quotes, those inside doubled."""
    return pl.lit('"') + value.fill_null("").str.replace_all('"', '""', literal=True) + pl.lit('"')


def formula(value: pl.Expr) -> pl.Expr:
    """A cell that Excel is to take as text: `="…"`, outside any CSV quotes."""
    return pl.lit('="') + value.fill_null("") + pl.lit('"')


def prefixed(sign: str, value: pl.Expr) -> pl.Expr:
    """A value behind a protecting sign (apostrophe, backtick); empty stays empty."""
    filled = value.fill_null("")
    return pl.when(filled == "").then(filled).otherwise(pl.lit(sign) + filled)


def in_spreadsheet(number_text: pl.Expr) -> pl.Expr:
    """An order number after a spreadsheet took it for a number: `1.70065E+18`."""
    power = (number_text.str.len_chars() - 1).cast(pl.String)
    return number_text.str.slice(0, 1) + "." + number_text.str.slice(1, 5) + "E+" + power


def rows(frame: pl.DataFrame, cells: list[pl.Expr], separator: str = ",") -> list[str]:
    """The lines of a CSV, one per row of the frame, from finished cells."""
    return frame.select(pl.concat_str([c.fill_null("") for c in cells], separator=separator).alias("line"))[
        "line"
    ].to_list()


def arrange(columns: list[str], cells: dict[str, pl.Expr], empty: pl.Expr) -> list[pl.Expr]:
    """Cells in the order of a header; columns that are not given are empty."""
    return [cells.get(column, empty) for column in columns]


def gather(values: Texts | list[str], places: Ints | pl.Series) -> pl.Series:
    """Texts at the given places as a column."""
    index = places.to_numpy() if isinstance(places, pl.Series) else places
    return pl.Series(np.asarray(values, dtype=object)[index], dtype=pl.String)


def encode(lines: list[str], encoding: str, *, end: str = "\r\n") -> bytes:
    """Lines as the bytes of a file."""
    return (end.join(lines) + end).encode(encoding)
