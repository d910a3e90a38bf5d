"""Lines of orders: the file's own rows, records of their own, elements of a nested list, or packed into one row.

What the lines of an order say of the order itself is here too: sums of their amounts, and the status that follows
from theirs.
"""

from typing import Final

import polars as pl

from touchpoints.batch import Batch, evaluate, gathered, shaped, where, with_order_key
from touchpoints.contract import Amounts, Lines, Packed
from touchpoints.rows import FILE, RECORD

UNKNOWN: Final = "unknown"
_CELLS: Final = ("line_no", "sku", "title", "spec", "qty", "unit_price", "line_amount", "refunded_amount", "is_gift")
_EARLY: Final = ("created", "paid", "partly_shipped", "shipped", "completed")


def order_lines(batch: Batch) -> pl.DataFrame:
    """The lines of a batch: from the file's rows, from rows of their own, or from a nested list."""
    lines = batch.contract.lines
    if lines is None:
        return gathered([], "order_lines")
    if lines.explode is not None:
        frame = batch.exploded(lines.explode)
    else:
        frame = batch.lines if batch.contract.rows == "lines" else _of_newest_file(batch, lines)
        if lines.packed is not None:
            frame = _unpacked(frame, lines.packed)
        if batch.contract.rows == "lines" or lines.packed is not None:
            frame = frame.with_columns(position=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over(RECORD))
    frame = with_order_key(frame, batch, lines.order_no, lines.unique_in)
    frame = evaluate(where(frame, lines.when), **{name: getattr(lines, name) for name in _CELLS})
    return shaped(frame.with_columns(pl.col("is_gift").cast(pl.Boolean).fill_null(False)), "order_lines")


def _of_newest_file(batch: Batch, lines: Lines) -> pl.DataFrame:
    """Records that are lines: of each order those that its newest file still has."""
    frame = evaluate(batch.records, _order_no=lines.order_no)
    newest = pl.col("_last_file").max().over("account", "_order_no")
    return frame.filter(pl.col("_last_file") == newest).drop("_order_no", FILE)


def _unpacked(frame: pl.DataFrame, packed: Packed) -> pl.DataFrame:
    """One row a line. A sum is known of the whole row alone; where it counts as many as there are lines, each is 1."""
    frame = frame.with_columns(pl.col(packed.first).str.split(packed.by).list.len().fill_null(1).alias("_n"))
    single, several = frame.filter(pl.col("_n") <= 1), frame.filter(pl.col("_n") > 1)
    if several.is_empty():
        return frame.drop("_n")
    lists = {name: pl.col(name).cast(pl.String).str.split(packed.by) for name in (packed.first, *packed.columns)}
    parts = several.with_columns(
        *(
            pl.when(parts.list.len() == pl.col("_n"))
            .then(parts)
            .otherwise(pl.col(name).cast(pl.String).repeat_by("_n"))
            .alias(name)
            for name, parts in lists.items()
        ),
        *(
            pl.when(pl.col(name) == pl.col("_n")).then(pl.lit(1.0)).alias(name)
            if several.schema[name].is_numeric()
            else pl.lit(None, dtype=several.schema[name]).alias(name)
            for name in packed.sums
        ),
    ).explode(list(lists))
    blank = pl.col(*lists).str.strip_chars()
    parts = parts.with_columns(pl.when(blank != "").then(blank))
    return pl.concat([single, parts]).sort(RECORD, maintain_order=True).drop("_n")


def summed(batch: Batch, amounts: Amounts) -> pl.DataFrame:
    """The sums over each order's lines of what the contract says that each line has: record_id and the amounts."""
    slots = {name: sql for name in Amounts.model_fields if (sql := getattr(amounts, name)) is not None}
    frame = evaluate(batch.lines, **{f"_{name}": sql for name, sql in slots.items()})
    sums = (
        pl.when(pl.col(f"_{name}").is_not_null().any()).then(pl.col(f"_{name}").sum().round(6)).alias(name)
        for name in slots
    )
    return frame.group_by(RECORD, maintain_order=True).agg(*sums)


def status_of_order(lines: pl.DataFrame) -> pl.DataFrame:
    """The status of orders of which each line has its own.

    What is closed does not count while another line lives; some sent and some not is partly shipped; else the least
    advanced counts.

    Args:
        lines: record_id and the canonical `status` of each line.

    Returns:
        record_id and `status`.
    """
    alive = pl.col("status").filter(~pl.col("status").is_in(["closed", UNKNOWN]))
    sent = alive.is_in(["partly_shipped", "shipped", "completed"])
    least = alive.replace_strict({status: i for i, status in enumerate(_EARLY)}, return_dtype=pl.Int64).min()
    status = (
        pl.when(alive.len() == 0)
        .then(pl.when((pl.col("status") == "closed").all()).then(pl.lit("closed")).otherwise(pl.lit(UNKNOWN)))
        .when(sent.any() & ~sent.all())
        .then(pl.lit("partly_shipped"))
        .otherwise(least.replace_strict(dict(enumerate(_EARLY)), return_dtype=pl.String))
    )
    return lines.group_by(RECORD, maintain_order=True).agg(status.alias("status"))
