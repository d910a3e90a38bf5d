"""Building: from the parsed tables of one contract to its share of every canonical table.

The order of the steps and the counts by file; each step is a module of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from touchpoints.batch import Batch, evaluate, gathered, shaped, with_order_key
from touchpoints.cells import typed
from touchpoints.columns import RAW, REASON, REASON_COLUMN
from touchpoints.complete import ends_of_vanished
from touchpoints.contract import Contract
from touchpoints.former import former_identifiers
from touchpoints.happenings import consents, entries, events, with_since
from touchpoints.holding import hold
from touchpoints.lines import order_lines
from touchpoints.links import links
from touchpoints.model import TABLES
from touchpoints.parties import parties
from touchpoints.possessions import possessions, seen_again
from touchpoints.readers.tables import ROW
from touchpoints.reference import references
from touchpoints.rows import FILE, RECORD, REPEATED, LoadedTable, gather, in_version_order, judge
from touchpoints.sales import (
    order_entries,
    order_events,
    order_numbers,
    orders,
)
from touchpoints.versions import Versions, settle, withdrawn


@dataclass
class Built:
    """One contract's share of the canonical tables.

    Attributes:
        contract: its name.
        tables: by name, of what the contract declares.
        derived: the events and ledger entries that every order tells by itself, apart from those declared.
        joins: record_id and `join_no`, the number of an order of another source that the record is about.
        counts: path → rows_read, rows_accepted, rows_rejected, rows_repeated.
        rejects: refused rows by reason.
        unknown: statuses that the vocabulary lacks, counted.
        numbers: by which other sources name the orders: source, number, order_key.
        held: path → note of the files of which too many rows are refused.
    """

    contract: str
    tables: dict[str, pl.DataFrame]
    derived: dict[str, pl.DataFrame]
    joins: pl.DataFrame
    counts: dict[str, dict[str, int]]
    rejects: dict[str, int]
    unknown: dict[str, int]
    numbers: pl.DataFrame
    held: dict[str, str]


def build(contract: Contract, tables: Sequence[LoadedTable], key: bytes) -> Built:
    """Everything that the tables of one contract come to.

    Args:
        contract: fits all of them.
        tables: parsed, in any order.
        key: for natural keys that are personal.
    """
    tables = in_version_order(tables)
    rows, held = hold(judge(gather(contract, tables), contract, tables, key), contract, tables)
    refused = rows.filter(pl.col(REASON).is_not_null())
    gone = withdrawn(rows, contract)
    rows = rows.filter(pl.col(REASON).is_null())
    versions = settle(rows, contract).without(gone)
    del rows
    batch = _batch(contract, tables, versions, key)
    order_rows = orders(batch)
    role = contract.order.buyer_role if contract.order else ""
    identifiers, attributes = parties(batch)
    files = pl.DataFrame(
        {
            FILE: pl.Series(range(len(tables)), dtype=pl.Int32),
            "file_id": [t.file.sha256 for t in tables],
            "path": [t.name for t in tables],
        }
    )
    derived = {"event": gathered([], "event"), "ledger": gathered([], "ledger")}
    if contract.order is not None:
        dated = order_rows.join(batch.records.select(RECORD, "version_at"), on=RECORD, maintain_order="left")
        derived["event"] = shaped(order_events(dated, role), "event")
        if contract.order.tells_payments:
            derived["ledger"] = shaped(order_entries(dated, role), "ledger")
    result = {
        "record": _records(batch, files),
        "record_version": _record_versions(batch, files),
        "identifier": identifiers,
        "identifier_former": former_identifiers(batch, identifiers, tables),
        "attribute": attributes,
        "event": events(batch),
        "orders": order_rows,
        "order_lines": order_lines(batch),
        "ledger": entries(batch),
        "consent": _consents(batch, identifiers, versions, tables),
        **possessions(batch, _typed_versions(batch, versions, tables)),
        "identity_link": links(batch),
        **references(batch),
        "reject": _refused(refused, files),
    }
    assert set(result) == set(TABLES) - {"source_file"}
    by_reason = dict(refused.group_by(REASON).len().iter_rows())
    join = evaluate(batch.records, join_no=contract.join_orders.value if contract.join_orders else None)
    joins = join.select(RECORD, pl.col("join_no").cast(pl.String))
    counts = _counts(tables, refused, versions)
    numbers = order_numbers(batch)
    return Built(contract.name, result, derived, joins, counts, by_reason, batch.unknown, numbers, held)


def _batch(contract: Contract, tables: Sequence[LoadedTable], versions: Versions, key: bytes) -> Batch:
    batch = Batch(contract, key, versions.records, versions.lines, versions.history)
    order_no = contract.order.order_no if contract.order else None
    unique_in = contract.order.unique_in if contract.order else "platform"
    records = typed(with_since(versions.records, batch), contract, tables)
    records = evaluate(records, occurred_at=contract.occurred_at)
    batch.records = with_order_key(records, batch, order_no, unique_in)
    batch.lines = typed(versions.lines, contract, tables)
    return batch


def _consents(
    batch: Batch, identifiers: pl.DataFrame, versions: Versions, tables: Sequence[LoadedTable]
) -> pl.DataFrame:
    told = consents(batch, identifiers)
    return ends_of_vanished(told, versions.rows, tables) if batch.contract.complete else told


def _typed_versions(batch: Batch, versions: Versions, tables: Sequence[LoadedTable]) -> pl.DataFrame:
    """Every telling of every record, for what counts as of each export; nothing where the contract has no such."""
    if not batch.contract.balances:
        return versions.history.clear()
    moments = versions.rows.select(FILE, "version_at").unique(FILE)
    return typed(seen_again(versions.history, versions.records, moments), batch.contract, tables)


def _records(batch: Batch, files: pl.DataFrame) -> pl.DataFrame:
    frame = batch.records.join(files, on=FILE, how="left", maintain_order="left")
    source, record_type = pl.lit(batch.contract.source), pl.lit(batch.contract.record_type)
    return shaped(frame.with_columns(source=source, record_type=record_type, raw=pl.col(RAW)), "record")


def _record_versions(batch: Batch, files: pl.DataFrame) -> pl.DataFrame:
    contract = batch.contract
    status = contract.status_column or (contract.order.status.value if contract.order else None)
    status = status if status in contract.columns else None
    frame = evaluate(batch.history, status_raw=status).with_columns(
        pl.when(pl.col("status_raw").cast(pl.String) != "").then(pl.col("status_raw")),
        is_current=pl.int_range(pl.len()).over(RECORD) == pl.len().over(RECORD) - 1,
    )
    return shaped(frame.join(files, on=FILE, how="left", maintain_order="left"), "record_version")


def _refused(refused: pl.DataFrame, files: pl.DataFrame) -> pl.DataFrame:
    frame = refused.join(files, on=FILE, how="left", maintain_order="left")
    return shaped(
        frame.select(
            "file_id",
            "path",
            ROW,
            reason=pl.col(REASON),
            column=pl.col(REASON_COLUMN),
            raw_text=pl.col(RAW),
        ).sort("path", ROW),
        "reject",
    )


def _counts(tables: Sequence[LoadedTable], refused: pl.DataFrame, versions: Versions) -> dict[str, dict[str, int]]:
    rejected = dict(refused.group_by(FILE).len().iter_rows())
    good = versions.rows.group_by(FILE).agg(pl.len().alias("n"), pl.col(REPEATED).sum().alias("again"))
    told = {file: (n, again) for file, n, again in good.iter_rows()}
    counts = {}
    for rank, table in enumerate(tables):
        n, again = told.get(rank, (0, 0))
        bad = rejected.get(rank, 0)
        counts[table.name] = {
            "rows_read": n + bad,
            "rows_accepted": n - again,
            "rows_rejected": bad,
            "rows_repeated": again,
        }
    return counts
