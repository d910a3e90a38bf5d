"""A batch: the typed records of one contract on their way into the canonical tables.

Only the frame and how expressions are read from it; each canonical table has its own module.
"""

from dataclasses import dataclass, field

import polars as pl

from touchpoints.contract import Contract, Nested
from touchpoints.contract_words import expression
from touchpoints.keys import hide_phones
from touchpoints.model import empty
from touchpoints.nested import explode_objects

KEPT = ("record_id", "account", "scope", "version_at", "occurred_at", "order_key")


@dataclass
class Batch:
    """The records of one contract.

    Attributes:
        contract: theirs.
        key: for the hashes of what is personal in keys and numbers.
        records: one row a record, typed, with `record_id`, `account`, `scope`, `natural_key`, `version_at`,
            `occurred_at` and `order_key` (null where the record is no order).
        lines: the rows of orders over several rows, typed; empty otherwise.
        history: every version's columns as text, oldest first within a record.
        unknown: statuses that no vocabulary names, counted.
    """

    contract: Contract
    key: bytes
    records: pl.DataFrame
    lines: pl.DataFrame
    history: pl.DataFrame
    unknown: dict[str, int] = field(default_factory=dict)

    def exploded(self, nested: Nested) -> pl.DataFrame:
        """The elements of a nested list, with the columns of their record beside them."""
        keep = [c for c in self.records.columns if c != nested.column and c != "position"]
        return explode_objects(self.records, nested, keep)


def evaluate(frame: pl.DataFrame, **slots: str | None) -> pl.DataFrame:
    """The frame with a column a slot: its expression, or null where the contract says nothing."""
    return frame.with_columns(
        (pl.lit(None) if sql is None else expression(sql)).alias(name) for name, sql in slots.items()
    )


def where(frame: pl.DataFrame, sql: str | None) -> pl.DataFrame:
    """The rows for which the expression is true; all of them without one."""
    return frame if sql is None else frame.filter(expression(sql).cast(pl.Boolean).fill_null(False))


def shaped(frame: pl.DataFrame, table: str) -> pl.DataFrame:
    """The frame with exactly the columns and types of a canonical table; what it lacks is null."""
    return frame.select(
        (pl.col(name).cast(dtype) if name in frame.columns else pl.lit(None, dtype=dtype)).alias(name)
        for name, dtype in empty(table).schema.items()
    )


def gathered(frames: list[pl.DataFrame], table: str) -> pl.DataFrame:
    """Several frames in the shape of a canonical table."""
    return pl.concat([shaped(frame, table) for frame in frames]) if frames else empty(table)


def with_order_key(records: pl.DataFrame, batch: Batch, order_no: str | None, unique_in: str) -> pl.DataFrame:
    """The records with `order_key`: source/number, or source/account/number where numbers are an account's own.

    A number that is a phone is hashed, here and in the orders.
    """
    if order_no is None:
        return records.with_columns(order_key=pl.lit(None, dtype=pl.String))
    numbers = evaluate(records, _order_no=order_no)["_order_no"].cast(pl.String)
    frame = records.with_columns(hide_phones(numbers, batch.key).alias("_order_no"))
    parts = [pl.lit(batch.contract.source), pl.col("_order_no")]
    if unique_in == "account":
        parts.insert(1, pl.col("account"))
    return frame.with_columns(order_key=pl.concat_str(parts, separator="/")).drop("_order_no")
