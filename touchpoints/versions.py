"""Versions: the same thing told by several exports, and which telling counts cell by cell.

The newest export wins, except that a column which it does not have keeps its older value, and that a masked, blank
or encrypted personal cell never replaces a plain one.
"""

from dataclasses import dataclass

import polars as pl

from touchpoints.columns import RAW, REASON
from touchpoints.contract import Contract
from touchpoints.readers.tables import ROW
from touchpoints.rows import CONTENT, FILE, RECORD, REPEATED

_LAST_FILE = "_last_file"


@dataclass(frozen=True)
class Versions:
    """What a contract's good rows come to.

    Attributes:
        rows: every good row with `_repeated` settled, without its cells: record_id, account, `_file`, version_at.
        history: one row a version: record_id, _file, row_no, version_at and the contract's columns of that time.
        records: one row a record: its cells as they count now, `raw`, `version_at`, `first_seen_at`, `n_versions`,
            `_file` and `row_no` of the current version, `_last_file` (the newest file that names it).
        lines: of orders over several rows, the rows of the newest version.
    """

    rows: pl.DataFrame
    history: pl.DataFrame
    records: pl.DataFrame
    lines: pl.DataFrame

    def without(self, records: pl.Series) -> "Versions":
        """The versions less some records; their rows stay counted."""
        if records.is_empty():
            return self
        gone = pl.col(RECORD).is_in(records.implode())
        history, merged, lines = (table.filter(~gone) for table in (self.history, self.records, self.lines))
        return Versions(self.rows, history, merged, lines)


def withdrawn(rows: pl.DataFrame, contract: Contract) -> pl.Series:
    """The record_id of each thing of which the newest row, of those that can be read, is one that withdraws it.

    Args:
        rows: all rows with their reasons.
        contract: says which reasons withdraw.
    """
    reasons = [refusal.reason for refusal in contract.reject if refusal.withdraws]
    ends = pl.col(REASON).is_in(reasons)
    if not reasons:
        return rows[RECORD].clear()
    last = rows.filter(ends | pl.col(REASON).is_null()).sort(RECORD, FILE, ROW).group_by(RECORD).agg(ends.last())
    return last.filter(REASON)[RECORD].sort()


def settle(good: pl.DataFrame, contract: Contract) -> Versions:
    """Orders the good rows of a contract into versions and merges them.

    Args:
        good: rows with record_id, in which `_repeated` marks what their own file repeats.
        contract: says whether a row or all rows of an order in a file make a version.
    """
    fresh = good.filter(~pl.col(REPEATED)).sort(RECORD, FILE, ROW)
    if contract.rows == "lines":
        told = _orders(fresh, contract)
    else:
        told = fresh.with_columns(_version=pl.col(CONTENT).cast(pl.String))
    last_file = told.group_by(RECORD).agg(pl.col(FILE).max().alias(_LAST_FILE))
    is_new = (pl.col("_version") != pl.col("_version").shift(1).over(RECORD)).fill_null(True)
    told = told.with_columns(is_new.alias("_is_new"))
    history = told.filter("_is_new").drop("_is_new")
    rows = _with_repeats(good, fresh, told, contract)
    records = _merge(history, contract).join(last_file, on=RECORD, how="left", maintain_order="left")
    lines = fresh.clear()
    if contract.rows == "lines":
        newest = records.select(RECORD, FILE)
        lines = fresh.join(newest, on=[RECORD, FILE], how="inner", maintain_order="left")
    return Versions(rows, history, records, lines)


def _orders(fresh: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """One row an order and file: of each column the first cell that says something, else blank if the file has it."""
    first = [_of_order(name, every=column.every) for name, column in contract.columns.items()]
    kept = [pl.col(name).first() for name in ("account", "scope", "natural_key", "version_at", ROW)]
    raw = pl.concat_str(pl.lit("["), pl.col(RAW).str.join(","), pl.lit("]")).alias(RAW)
    version = pl.col(CONTENT).cast(pl.String).str.join(",").alias("_version")
    return fresh.group_by(RECORD, FILE, maintain_order=True).agg(*first, *kept, raw, version)


def _of_order(name: str, *, every: bool) -> pl.Expr:
    says = pl.col(name).filter(pl.col(name) != "")
    blank = pl.col(name).drop_nulls().first()
    told = says.unique(maintain_order=True).str.join(";") if every else says.first()
    return pl.coalesce(pl.when(says.len() > 0).then(told), blank).alias(name)


def _with_repeats(good: pl.DataFrame, fresh: pl.DataFrame, told: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """Marks as repeated the rows of versions that say what the version before said."""
    place = [FILE, ROW]
    if contract.rows == "lines":
        stale = told.filter(~pl.col("_is_new")).select(RECORD, FILE)
        again = fresh.select(*place, RECORD, CONTENT).with_columns(
            seen=pl.col(FILE) > pl.col(FILE).min().over(RECORD, CONTENT)
        )
        in_stale = fresh.join(stale, on=[RECORD, FILE], how="semi").select(place)
        repeats = pl.concat([again.filter("seen").select(place), in_stale]).unique()
    else:
        repeats = told.filter(~pl.col("_is_new")).select(place)
    marks = repeats.with_columns(_again=pl.lit(True))
    kept = good.select(RECORD, "account", *place, "version_at", REPEATED)
    rows = kept.join(marks, on=place, how="left", maintain_order="left")
    return rows.with_columns((pl.col(REPEATED) | pl.col("_again").fill_null(False)).alias(REPEATED)).drop("_again")


def _merge(history: pl.DataFrame, contract: Contract) -> pl.DataFrame:
    """One row a record, by record_id."""
    count = pl.len().over(RECORD)
    history = history.with_columns(
        n_versions=count.cast(pl.Int64), first_seen_at=pl.col("version_at").min().over(RECORD)
    )
    single = history.filter(pl.col("n_versions") == 1)
    several = history.filter(pl.col("n_versions") > 1)
    if several.is_empty():
        return single
    merged = several.group_by(RECORD, maintain_order=True).agg(
        *(_newest(name, column.pii is not None) for name, column in contract.columns.items()),
        *(pl.col(c).last() for c in several.columns if c not in {*contract.columns, RECORD}),
    )
    return pl.concat([single, merged.select(single.columns)]).sort(RECORD)


def _newest(name: str, personal: bool) -> pl.Expr:
    """The newest cell; of personal ones the newest plain, else the newest that says anything."""
    cell = pl.col(name)
    newest = cell.drop_nulls().last()
    if not personal:
        return newest.alias(name)
    says = cell != ""
    plain = says & ~cell.str.contains(r"\*|^##.*##$|^\$\$.*\$\$$|^~.*~$")
    return pl.coalesce(cell.filter(plain).last(), cell.filter(says).last(), newest).alias(name)
