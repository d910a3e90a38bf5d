"""Typed cells: a canonical text column as text, number, amount, time or date.

How a kind of value is read is in `normalise`; which column is of which kind the contract says.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final
from zoneinfo import available_timezones

import polars as pl

from touchpoints.contract import Column, Contract
from touchpoints.contract_words import expression
from touchpoints.normalise.cell import is_lossy_id
from touchpoints.normalise.money import parse_money
from touchpoints.normalise.opt_out import is_opt_out
from touchpoints.normalise.time import parse_times

if TYPE_CHECKING:
    from touchpoints.rows import LoadedTable

_CIPHERTEXT: Final = r"^(?:##.+##|\$\$.+\$\$|~.+~)$"
_TIMES: Final = frozenset({"time", "date"})
_DTYPES: Final = {
    "text": pl.String(),
    "id": pl.String(),
    "money": pl.Float64(),
    "number": pl.Float64(),
    "time": pl.Datetime("us"),
    "date": pl.Date(),
    "opt_out": pl.Boolean(),
}


def time_zones(rows: pl.DataFrame, contract: Contract, tables: Sequence["LoadedTable"]) -> pl.Series | str:
    """The zone in which each row's local times are meant; one name where it is the same for all."""
    by_file = [loaded.account.time_zone for loaded in tables]
    if len(set(by_file)) == 1 and contract.time_zone is None:
        return by_file[0]
    of_file = rows["_file"].replace_strict(range(len(by_file)), by_file, return_dtype=pl.String)
    if contract.time_zone is None:
        return of_file
    told = expression(contract.time_zone.value).cast(pl.String)
    said = rows.select(told.replace(contract.time_zone.names)).to_series()
    known = said.is_in(available_timezones()).fill_null(False)
    return said.zip_with(known, of_file)


def parsed_columns(rows: pl.DataFrame, columns: Mapping[str, Column], zones: pl.Series | str) -> list[pl.Series]:
    """Columns with their types; null where a cell is blank or cannot be read."""
    said = rows.select(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in columns)
    return [_parsed(said[name], column, zones) for name, column in columns.items()]


def parsed_column(rows: pl.DataFrame, name: str, column: Column, zones: pl.Series | str) -> pl.Series:
    """One column with its type; as `parsed_columns`."""
    return parsed_columns(rows, {name: column}, zones)[0]


def _parsed(text: pl.Series, column: Column, zones: pl.Series | str) -> pl.Series:
    name = text.name
    if text.null_count() == len(text):
        return pl.Series(name, [None], dtype=_DTYPES[column.kind]).new_from_index(0, len(text))
    if column.kind in _TIMES:
        return _times(text, "at" if column.kind == "time" else "local_date", zones, column.formats)
    if column.kind in ("money", "number"):
        return parse_money(text)["amount"].alias(name)
    if column.kind == "opt_out":
        return is_opt_out(text)
    if column.kind == "id":
        return text.to_frame().select(pl.when(~is_lossy_id(pl.col(name))).then(pl.col(name))).to_series()
    return text


def _times(text: pl.Series, wanted: str, zones: pl.Series | str, formats: Sequence[str]) -> pl.Series:
    if isinstance(zones, str):
        return parse_times(text, time_zone=zones, formats=formats)[wanted].alias(text.name)
    found = pl.Series(text.name, [None] * len(text), dtype=_DTYPES["time" if wanted == "at" else "date"])
    for zone in sorted(zones.unique()):
        here = zones == zone
        parsed = parse_times(text.zip_with(here, text.clear(len(text))), time_zone=zone, formats=formats)[wanted]
        found = found.zip_with(~here, parsed)
    return found.alias(text.name)


def typed(rows: pl.DataFrame, contract: Contract, tables: Sequence["LoadedTable"]) -> pl.DataFrame:
    """Rows with the contract's columns typed, and its derived columns after them.

    A platform's ciphertext is no value: only derived columns see it, to tell that there is one.
    """
    zones = time_zones(rows, contract, tables)
    rows = rows.with_columns(parsed_columns(rows, contract.columns, zones))
    rows = rows.with_columns(  # of single versions nobody knows since when they said so
        pl.lit(None, dtype=_DTYPES[kind]).alias(f"{column}_{told}")
        for column in contract.watched_columns
        for told, kind in (("since", "time"), ("was", "text"))
        if f"{column}_{told}" not in rows.columns
    )
    for name, sql in contract.derived.items():
        rows = rows.with_columns(expression(sql).alias(name))
    personal = [name for name, c in contract.columns.items() if c.pii and rows.schema[name] == pl.String]
    return _without_ciphertext(rows, personal)


def _without_ciphertext(rows: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Most files have none, which a glance at the first signs tells faster than the work."""
    glance = rows.select(
        pl.any_horizontal(pl.col(name).str.starts_with(sign) for sign in ("##", "$$", "~")).any().alias(name)
        for name in names
    )
    found = [pl.col(name) for name in names if glance[name][0]]
    return rows.with_columns(pl.when(~cells.str.contains(_CIPHERTEXT)).then(cells) for cells in found)
