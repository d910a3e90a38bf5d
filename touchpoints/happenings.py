"""What records tell besides people and sales: events, ledger entries, consent.

Orders tell their own events and entries in `sales`; these here are declared in the contract one by one.
"""

import polars as pl

from touchpoints.batch import Batch, evaluate, gathered, where
from touchpoints.contract import Change, Entry, Event
from touchpoints.keys import md5_of
from touchpoints.readers.tables import ROW
from touchpoints.rows import FILE, RECORD


def events(batch: Batch) -> pl.DataFrame:
    """The events that the contract declares, and those that only two exports together tell."""
    found = [_event(batch, event, number) for number, event in enumerate(batch.contract.events)]
    found += [_change(batch, change) for change in batch.contract.changes]
    return gathered(found, "event")


def _event(batch: Batch, event: Event, number: int) -> pl.DataFrame:
    frame = where(batch.records, event.when)
    slots = ("at", "subtype", "campaign", "value_num", "store_id")
    frame = evaluate(frame, **{name: getattr(event, name) for name in slots}).drop_nulls("at")
    frame = frame.with_columns(
        type=pl.lit(event.type), channel=pl.lit(batch.contract.channel), actor_role=pl.lit(event.role)
    )
    return frame.with_columns(event_id=md5_of(frame, [RECORD, "type", pl.lit(str(number))]))


def _told(batch: Batch, column: str) -> pl.DataFrame:
    """Each version's own cell, where it says something, with what the version before said."""
    told = batch.history.select(RECORD, FILE, ROW, "version_at", cell=pl.col(column)).filter(pl.col("cell") != "")
    return told.with_columns(before=pl.col("cell").shift(1).over(RECORD))


def _change(batch: Batch, change: Change) -> pl.DataFrame:
    told = _told(batch, change.column)
    frame = told.filter(pl.col("before").is_in(change.old) & pl.col("cell").is_in(change.new))
    frame = frame.with_columns(
        at="version_at",
        type=pl.lit(change.event),
        channel=pl.lit(batch.contract.channel),
        actor_role=pl.lit(change.role),
    )
    return frame.with_columns(event_id=md5_of(frame, [RECORD, "type", pl.col("at").dt.to_string("iso")]))


def with_since(records: pl.DataFrame, batch: Batch) -> pl.DataFrame:
    """The records with two columns for each watched one.

    `<column>_since` is the export that first said what is now said, `<column>_was` what was said before it.
    """
    for column in dict.fromkeys(change.column for change in batch.contract.changes):
        told = _told(batch, column)
        turned = told.filter(pl.col("before").is_null() | (pl.col("before") != pl.col("cell")))
        since = turned.group_by(RECORD).agg(
            pl.col("version_at").last().alias(f"{column}_since"), pl.col("before").last().alias(f"{column}_was")
        )
        records = records.join(since, on=RECORD, how="left", maintain_order="left")
    return records


def entries(batch: Batch) -> pl.DataFrame:
    """The ledger entries that the contract declares; `join_no` is the order number that they still look for."""
    found = [_entry(batch, entry, number) for number, entry in enumerate(batch.contract.ledger)]
    if not found:
        return gathered([], "ledger").with_columns(join_no=pl.lit(None, dtype=pl.String))
    return pl.concat([gathered([frame], "ledger").with_columns(frame["join_no"]) for frame in found])


def _entry(batch: Batch, entry: Entry, number: int) -> pl.DataFrame:
    frame = batch.records.with_columns(position=pl.lit(0)) if entry.explode is None else batch.exploded(entry.explode)
    join = batch.contract.join_orders
    frame = evaluate(
        where(frame, entry.when),
        amount=entry.amount,
        unit=entry.unit,
        at=entry.at,
        ref_no=entry.ref_no,
        join_no=join.value if join else None,
    )
    at = pl.col("at").cast(pl.Datetime("us"))
    frame = frame.filter((pl.col("amount").cast(pl.Float64) != 0.0).fill_null(False)).with_columns(
        pl.col("join_no").cast(pl.String),
        kind=pl.lit(entry.kind),
        role=pl.lit(entry.role),
        at_precision=pl.when(at.is_null()).then(pl.lit("unknown")).otherwise(pl.lit(entry.precision)),
    )
    return frame.with_columns(entry_id=md5_of(frame, [RECORD, "kind", pl.lit(str(number)), "position"]))


def consents(batch: Batch, identifiers: pl.DataFrame) -> pl.DataFrame:
    """A row for each identifier of the types that a consent is about, of the party that gave or ended it."""
    found = []
    for consent in batch.contract.consent:
        frame = evaluate(where(batch.records, consent.when), at=consent.at)
        told = identifiers.filter(
            (pl.col("role") == consent.role) & pl.col("id_type").is_in(consent.identifiers)
        ).select(RECORD, "role", "id_type", "id_scope", "id_value")
        frame = frame.select(RECORD, "at").join(told, on=RECORD, how="inner", maintain_order="left_right")
        found.append(
            frame.with_columns(
                pl.lit(getattr(consent, name)).alias(name) for name in ("channel", "purpose", "state", "basis")
            )
        )
    return gathered(found, "consent")


def orders_by_number(ledger: pl.DataFrame, numbers: pl.DataFrame, sources: list[str]) -> pl.DataFrame:
    """The ledger with the orders of entries that name one by its number in another source.

    Args:
        ledger: entries with `join_no`, the number that they name.
        numbers: `sales.order_numbers` of all contracts.
        sources: among whose orders the number is looked up. A number that two orders have names neither.
    """
    known = numbers.filter(pl.col("source").is_in(sources)).select(join_no="number", found="order_key")
    known = known.filter(pl.col("join_no").is_unique())
    ledger = ledger.join(known, on="join_no", how="left", maintain_order="left")
    return ledger.with_columns(order_key=pl.coalesce("order_key", "found")).drop("found")


def with_orders_of(events: pl.DataFrame, ledger: pl.DataFrame) -> pl.DataFrame:
    """Events with the order that their record's ledger entries found."""
    found = (
        ledger.drop_nulls("order_key")
        .select(RECORD, found="order_key")
        .unique(RECORD, keep="first", maintain_order=True)
    )
    events = events.join(found, on=RECORD, how="left", maintain_order="left")
    return events.with_columns(order_key=pl.coalesce("order_key", "found")).drop("found")
