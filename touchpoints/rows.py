"""Rows of one contract, of all its files: which are refused and why, which thing each is a version of.

Cells are still text here, but for the tests of those that must be readable. Which version counts is `versions`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from common.keys import keyed_hashes
from touchpoints.accounts import Account
from touchpoints.cells import parsed_column, time_zones
from touchpoints.columns import RAW, REASON, REASON_COLUMN, text_or_null
from touchpoints.contract import Contract
from touchpoints.contract_words import expression
from touchpoints.exported import Exported
from touchpoints.files import LandingFile
from touchpoints.keys import hide_phones, md5_of
from touchpoints.lake import Parsed
from touchpoints.normalise.cell import is_lossy_id
from touchpoints.readers.tables import Table

FILE: Final = "_file"  # rank of the file among the contract's, oldest export first
CONTENT: Final = "_content"
REPEATED: Final = "_repeated"
RECORD: Final = "record_id"
_UNREADABLE: Final = {"time": "bad_time", "date": "bad_time", "money": "bad_money", "number": "bad_number"}


@dataclass(frozen=True)
class LoadedTable:
    """A table of a file with everything that its file says about all its rows."""

    file: LandingFile
    table: Table
    parsed: Parsed
    account: Account
    exported: Exported
    name: str  # the path in reports


def in_version_order(tables: Sequence[LoadedTable]) -> list[LoadedTable]:
    """Oldest export first; equal moments by content, never by where the files lie."""
    return sorted(tables, key=lambda t: (t.exported.at, t.file.sha256, t.table.part, t.account.account))


def gather(contract: Contract, tables: Sequence[LoadedTable]) -> pl.DataFrame:
    """All rows of a contract's tables, which are in version order, with the columns of their files.

    A column that a file does not have is null in its rows, a blank cell is empty text.
    """
    frames = [
        loaded.parsed.frame().with_columns(pl.lit(rank, dtype=pl.Int32).alias(FILE))
        for rank, loaded in enumerate(tables)
    ]
    rows = pl.concat(frames, how="diagonal", rechunk=True)
    rows = rows.with_columns(
        pl.lit(None, dtype=pl.String).alias(name) for name in contract.columns if name not in rows.columns
    )
    said = pl.DataFrame(
        {
            FILE: pl.Series(range(len(tables)), dtype=pl.Int32),
            "account": [loaded.account.account for loaded in tables],
            "scope": [loaded.account.scope for loaded in tables],
            "version_at": pl.Series([loaded.exported.at for loaded in tables], dtype=pl.Datetime("us")),
        }
    )
    rows = rows.join(said, on=FILE, how="left", maintain_order="left")
    if contract.account != "folder":
        rows = rows.with_columns(pl.coalesce(text_or_null(contract.account), "account").alias("account"))
    return rows.with_columns(pl.col(RAW).hash().alias(CONTENT))  # compared within a run, never kept


def judge(rows: pl.DataFrame, contract: Contract, tables: Sequence[LoadedTable], key: bytes) -> pl.DataFrame:
    """Rows with the reason why they are refused (`_reason`), else their `natural_key` and `record_id`.

    `_repeated` marks rows that their own file already has.
    """
    text = rows.with_columns(text_or_null(name) for name in contract.columns)
    text = text.with_columns(expression(s).alias(n) for n, s in _text_derived(contract))
    rows = _with_reason(rows, _first_reasons(text, contract))
    rows = rows.with_columns(_is_repeated_in_file().alias(REPEATED))
    text = text.with_columns(rows[REASON], rows[REPEATED])
    text = text.with_columns(_position(contract).alias("position"))
    parts = [expression(sql).cast(pl.String) for sql in contract.natural_key.parts]
    text = text.with_columns(parts[0].is_not_null().alias("has_key"))
    natural_key = text.select(natural_key=pl.concat_str(parts, separator="/", ignore_nulls=True)).to_series()
    rows = _with_reason(rows, [_reason(text, ~pl.col("has_key"), "key_missing", _key_column(contract))])
    rows = rows.with_columns(natural_key, text["position"])
    rows = _with_reason(rows, _unreadable(rows, contract, tables))
    rows = _hide_personal_keys(rows, text, contract, key)
    source, record_type = pl.lit(contract.source), pl.lit(contract.record_type)
    record_id = md5_of(rows, [source, pl.col("account"), record_type, pl.col("natural_key")])
    return rows.with_columns(record_id.alias(RECORD))


def _hide_personal_keys(rows: pl.DataFrame, text: pl.DataFrame, contract: Contract, key: bytes) -> pl.DataFrame:
    natural_key = contract.natural_key
    if natural_key.personal:
        return rows.with_columns(keyed_hashes(rows["natural_key"], key))
    if natural_key.personal_when is None:
        return rows.with_columns(hide_phones(rows["natural_key"], key))
    hidden = text.select(expression(natural_key.personal_when).fill_null(False).alias("h")).to_series()
    hashes = keyed_hashes(rows["natural_key"].zip_with(hidden, rows["natural_key"].clear(rows.height)), key)
    shown = hide_phones(rows["natural_key"], key)
    return rows.with_columns(hashes.zip_with(hidden, shown).alias("natural_key"))


def _text_derived(contract: Contract) -> list[tuple[str, str]]:
    """Derived columns that the natural key or a refusal needs, before cells have types."""
    wanted = [*contract.natural_key.parts, *(refusal.when for refusal in contract.reject)]
    wanted += [contract.lines.order_no] if contract.lines else []
    used = {name for sql in wanted for name in expression(sql).meta.root_names()}
    for name, sql in reversed(contract.derived.items()):  # a derived column may use those before it
        if name in used:
            used |= set(expression(sql).meta.root_names())
    return [(name, sql) for name, sql in contract.derived.items() if name in used]


def _reason(text: pl.DataFrame, when: pl.Expr, reason: str, column: str | None) -> pl.DataFrame:
    hit = when.fill_null(False)
    return text.select(
        pl.when(hit).then(pl.lit(reason)).alias(REASON), pl.when(hit).then(pl.lit(column)).alias(REASON_COLUMN)
    )


def _with_reason(rows: pl.DataFrame, found: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The first reason counts; later ones do not replace it."""
    for reasons in found:
        open_still = rows[REASON].is_null()
        rows = rows.with_columns(
            reasons[name].zip_with(open_still, rows[name]).alias(name) for name in (REASON, REASON_COLUMN)
        )
    return rows


def _first_reasons(text: pl.DataFrame, contract: Contract) -> list[pl.DataFrame]:
    """What the contract does not want, and identifiers that lost digits where the row cannot do without them."""
    found = [_reason(text, expression(r.when), r.reason, r.column) for r in contract.reject]
    key_columns = {n for sql in contract.natural_key.parts for n in expression(sql).meta.root_names()}
    for name, column in contract.columns.items():
        if column.kind == "id" and (column.required or name in key_columns):
            found.append(_reason(text, is_lossy_id(pl.col(name)), "id_lossy", column.names[0]))
    return found


def _is_repeated_in_file() -> pl.Expr:
    good = pl.col(REASON).is_null()
    return good & (pl.col(CONTENT).cum_count().over(FILE, CONTENT, good) > 1)


def _position(contract: Contract) -> pl.Expr:
    """The place of a row among the rows of its order in its file, from 1."""
    if contract.lines is None or contract.lines.explode is not None:
        return pl.lit(None, dtype=pl.Int64)
    counts = pl.col(REASON).is_null() & ~pl.col(REPEATED)
    return counts.cum_sum().over(FILE, "account", expression(contract.lines.order_no)).cast(pl.Int64)


def _key_column(contract: Contract) -> str | None:
    for name in expression(contract.natural_key.parts[0]).meta.root_names():
        if name in contract.columns:
            return contract.columns[name].names[0]
    return None


def _unreadable(rows: pl.DataFrame, contract: Contract, tables: Sequence[LoadedTable]) -> list[pl.DataFrame]:
    """Required cells that cannot be read. Of an order over several rows, one of them must have each."""
    zones = time_zones(rows, contract, tables)
    found = []
    for name, column in contract.columns.items():
        if not column.required:
            continue
        readable = parsed_column(rows, name, column, zones).is_not_null()
        frame = rows.select(FILE, REASON, "natural_key", "account", name).with_columns(readable=readable)
        reason = _UNREADABLE.get(column.kind, "value_missing")
        if contract.rows == "records":
            found.append(_reason(frame, ~pl.col("readable"), reason, column.names[0]))
            continue
        found.append(_reason(frame, ~pl.col("readable") & (pl.col(name) != ""), reason, column.names[0]))
        anywhere = (pl.col("readable") & pl.col(REASON).is_null()).any()
        found.append(_reason(frame, ~anywhere.over(FILE, "account", "natural_key"), reason, column.names[0]))
    return found
