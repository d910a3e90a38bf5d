"""What records tell besides people and sales: events, ledger entries, consent.

Orders tell their own events and entries in `sales`; these here are declared in the contract one by one.
"""

import polars as pl

from common.keys import keyed_hashes
from touchpoints.batch import Batch, evaluate, gathered, where
from touchpoints.contract import Change, Entry, Event
from touchpoints.keys import hide_phones, md5_of
from touchpoints.normalise.status import fold
from touchpoints.readers.tables import ROW
from touchpoints.rows import FILE, RECORD
from touchpoints.sales import is_name

_EVENT_SLOTS = (
    "at", "subtype", "campaign", "value_num", "store_id", "staff_code", "partner_code", "product_code", "ref_no",
    "told_one_id",
)  # fmt: skip
_CODES = ("staff_code", "partner_code")


def events(batch: Batch) -> pl.DataFrame:
    """The events that the contract declares, and those that only two exports together tell."""
    found = [_event(batch, event, number) for number, event in enumerate(batch.contract.events)]
    found += [_change(batch, change) for change in batch.contract.changes]
    return gathered(found, "event")


def _event(batch: Batch, event: Event, number: int) -> pl.DataFrame:
    frame = where(batch.records, event.when)
    slots = {name: getattr(event, name) for name in _EVENT_SLOTS}
    frame = evaluate(
        frame, **slots, channel=event.channel, _word=event.type_of, _staff_name=event.staff_name
    ).drop_nulls("at")
    frame = frame.with_columns(
        *_codes(batch, event, frame),
        *(hide_phones(frame[name].cast(pl.String), batch.key) for name in ("ref_no", "campaign")),
        type=_type(event),
        channel=pl.coalesce(pl.col("channel").cast(pl.String), pl.lit(batch.contract.channel)),
        actor_role=pl.lit(event.role),
    )
    return frame.with_columns(event_id=md5_of(frame, [RECORD, "type", pl.lit(str(number))]))


def _type(event: Event) -> pl.Expr:
    """What happened: what the words mean, the first that lists them, else the event's own type."""
    meanings = [(word, meaning) for meaning, words in event.types.items() for word in words]
    if not meanings:
        return pl.lit(event.type)
    listed = pl.DataFrame(meanings, schema={"word": pl.String, "meaning": pl.String}, orient="row")
    listed = listed.with_columns(fold(pl.col("word"))).unique("word", keep="first", maintain_order=True)
    word = fold(pl.col("_word").cast(pl.String))
    return word.replace_strict(listed["word"], listed["meaning"], default=event.type, return_dtype=pl.String)


def _codes(batch: Batch, event: Event, frame: pl.DataFrame) -> list[pl.Series]:
    """Codes of people at work, without their names and phones."""
    codes = []
    for name in _CODES:
        cells = frame[name].cast(pl.String)
        named = is_name(batch.contract, getattr(event, name))
        codes.append(keyed_hashes(cells, batch.key) if named else hide_phones(cells, batch.key))
    names = keyed_hashes(frame["_staff_name"].cast(pl.String), batch.key)
    codes[0] = codes[0].zip_with(codes[0].is_not_null(), names)
    return codes


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
    for column in batch.contract.watched_columns:
        told = _told(batch, column)
        turned = told.filter(pl.col("before").is_null() | (pl.col("before") != pl.col("cell")))
        since = turned.group_by(RECORD).agg(
            pl.col("version_at").last().alias(f"{column}_since"), pl.col("before").last().alias(f"{column}_was")
        )
        records = records.join(since, on=RECORD, how="left", maintain_order="left")
    return records


def entries(batch: Batch) -> pl.DataFrame:
    """The ledger entries that the contract declares."""
    return gathered([_entry(batch, entry, number) for number, entry in enumerate(batch.contract.ledger)], "ledger")


def _entry(batch: Batch, entry: Entry, number: int) -> pl.DataFrame:
    frame = batch.records.with_columns(position=pl.lit(0)) if entry.explode is None else batch.exploded(entry.explode)
    join = batch.contract.join_orders
    frame = evaluate(
        where(frame, entry.when),
        amount=entry.amount,
        unit=entry.unit,
        at=entry.at,
        ref_no=entry.ref_no,
        subtype=entry.subtype,
        channel=entry.channel,
        expires_at=entry.expires_at,
        balance_after=entry.balance_after,
        join_no=join.value if join else None,
    )
    at = pl.col("at").cast(pl.Datetime("us"))
    frame = frame.filter((pl.col("amount").cast(pl.Float64) != 0.0).fill_null(False)).with_columns(
        channel=pl.coalesce(pl.col("channel").cast(pl.String), pl.lit(batch.contract.channel)),
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
