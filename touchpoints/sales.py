"""Sales: orders, and the events and ledger entries that every order tells.

What a status word or an amount column means is in the contract; people are in `parties`, goods in `lines`.
"""

from typing import Final

import polars as pl

from common.keys import keyed_hashes
from touchpoints.batch import Batch, evaluate, gathered, shaped
from touchpoints.contract import Contract, Status
from touchpoints.contract_words import expression
from touchpoints.keys import hide_phones
from touchpoints.lines import UNKNOWN, status_of_order, summed
from touchpoints.normalise.status import fold
from touchpoints.rows import RECORD

_TIMES: Final = ("created_at", "paid_at", "shipped_at", "completed_at", "closed_at")
_CENT: Final = 0.005
_EVENTS: Final = (
    ("order_created", "created_at", "paid_amount"),
    ("order_paid", "paid_at", "paid_amount"),
    ("order_shipped", "shipped_at", "paid_amount"),
    ("order_completed", "completed_at", "paid_amount"),
    ("order_closed", "closed_at", "paid_amount"),
)


def orders(batch: Batch) -> pl.DataFrame:
    """The orders table of a batch, with `buyer_role` beside it for the events."""
    order = batch.contract.order
    if order is None:
        return gathered([], "orders")
    slots = {name: getattr(order.times, name) for name in _TIMES}
    slots |= {name: getattr(order.amounts, name) for name in type(order.amounts).model_fields}
    slots |= {"currency": order.currency, "store_id": order.store_id, "guide_id": order.guide_id}
    frame = evaluate(batch.records, **slots, order_no=order.order_no, is_return=order.is_return)
    sums = summed(batch, order.line_amounts)
    own = [name for name in sums.columns if name != RECORD]
    frame = frame.drop(own).join(sums, on=RECORD, how="left", maintain_order="left") if own else frame
    if is_name(batch.contract, order.guide_id):
        frame = frame.with_columns(keyed_hashes(frame["guide_id"].cast(pl.String), batch.key))
    frame = frame.with_columns(
        hide_phones(frame["order_no"].cast(pl.String), batch.key),
        pl.col("is_return").cast(pl.Boolean).fill_null(False),
        source=pl.lit(batch.contract.source),
        channel=pl.lit(batch.contract.channel),
        status=_status(batch, frame, order.status),
        status_raw=_text(frame, order.status.value),
    )
    after_sale = told_by_refund()
    if order.after_sale is not None:
        word = pl.lit(status_of(batch, frame, order.after_sale, "none"))
        # Of an order given back in part some platforms use the word for the whole; some have no word when it is done.
        silent = pl.lit(_text(frame, order.after_sale.value).is_null())
        after_sale = pl.when((after_sale == "refunded_part") | silent).then(after_sale).otherwise(word)
    return shaped(frame.with_columns(after_sale_status=after_sale), "orders")


def _status(batch: Batch, frame: pl.DataFrame, status: Status) -> pl.Series:
    if not status.of_lines:
        return status_of(batch, frame, status)
    lines = batch.lines.select(RECORD, status=status_of(batch, batch.lines, status))
    return frame.select(RECORD).join(status_of_order(lines), on=RECORD, how="left", maintain_order="left")["status"]


def is_name(contract: Contract, sql: str | None) -> bool:
    """Whether an expression shows what the contract says is a person's name, itself or through derived columns."""
    if sql is None:
        return False
    used = expression(sql).meta.root_names()
    named = any(name in contract.columns and contract.columns[name].pii == "name" for name in used)
    return named or any(is_name(contract, contract.derived[name]) for name in used if name in contract.derived)


def order_numbers(batch: Batch) -> pl.DataFrame:
    """The numbers by which other sources name the orders of a batch: source, number, order_key."""
    order = batch.contract.order
    if order is None:
        return pl.DataFrame(schema={"source": pl.String, "number": pl.String, "order_key": pl.String})
    told = [evaluate(batch.records, number=sql) for sql in (order.order_no, *order.other_numbers)]
    numbers = pl.concat([frame.select(pl.col("number").cast(pl.String), "order_key") for frame in told])
    return (
        numbers.drop_nulls()
        .unique(maintain_order=True)
        .select(pl.lit(batch.contract.source).alias("source"), "number", "order_key")
    )


def _text(frame: pl.DataFrame, sql: str) -> pl.Series:
    return evaluate(frame, _text=sql)["_text"].cast(pl.String)


def status_of(batch: Batch, frame: pl.DataFrame, status: Status, blank: str | None = None) -> pl.Series:
    """Canonical statuses; a word that the contract does not know is `unknown` and counted in the batch."""
    words = pl.DataFrame({"said": _text(frame, status.value)})
    distinct = words.unique().drop_nulls().sort("said").with_columns(folded=fold(pl.col("said")))
    listed = pl.DataFrame(
        [(word, meaning) for meaning, several in status.vocabulary.items() for word in several],
        schema={"word": pl.String, "meaning": pl.String},
        orient="row",
    ).with_columns(folded=fold(pl.col("word")))
    listed = listed.unique("folded", keep="first", maintain_order=True)
    found = distinct.join(listed, on="folded", how="left").with_columns(
        meaning=pl.coalesce(
            *(pl.when(pl.col("said").str.contains(p.match)).then(pl.lit(p.means)) for p in status.patterns),
            pl.col("meaning"),
        )
    )
    _count_unknown(batch, words, found.filter(pl.col("meaning").is_null())["said"])
    default = status.default or blank or UNKNOWN
    meaning = words.join(found.select("said", "meaning"), on="said", how="left", maintain_order="left")
    filled = pl.when(pl.col("said").is_null()).then(pl.lit(default)).otherwise(pl.col("meaning").fill_null(UNKNOWN))
    return meaning.select(filled.alias("status")).to_series()


def _count_unknown(batch: Batch, words: pl.DataFrame, unknown: pl.Series) -> None:
    counted = words.filter(pl.col("said").is_in(unknown.implode())).group_by("said").len().sort("said")
    for word, count in counted.iter_rows():
        batch.unknown[word] = batch.unknown.get(word, 0) + count


def told_by_refund() -> pl.Expr:
    """The after-sale status that the refunded and the paid amount of an order tell."""
    refunded, paid = pl.col("refunded_amount").fill_null(0.0), pl.col("paid_amount").fill_null(0.0)
    return (
        pl.when(refunded <= _CENT)
        .then(pl.lit("none"))
        .when(refunded >= paid - _CENT)
        .then(pl.lit("refunded_full"))
        .otherwise(pl.lit("refunded_part"))
    )


def order_events(table: pl.DataFrame, buyer_role: str) -> pl.DataFrame:
    """What happened to orders, by their times; a refund by the refunded amount.

    Args:
        table: orders with `version_at` beside their columns.
        buyer_role: the party that ordered and paid.
    """
    found = [
        table.filter(pl.col(at).is_not_null()).select(
            *_event_columns(buyer_role), type=pl.lit(kind), at=pl.col(at), value_num=pl.col(value)
        )
        for kind, at, value in _EVENTS
    ]
    refunds = table.filter(pl.col("refunded_amount") > _CENT)
    found.append(
        refunds.select(
            *_event_columns(buyer_role), type=pl.lit("refund"), at=_refunded_at(), value_num="refunded_amount"
        )
    )
    events = pl.concat(found)
    return events.with_columns(event_id=pl.concat_str("record_id", "type", separator="-"))


def _event_columns(buyer_role: str) -> list[pl.Expr]:
    same = [pl.col(name) for name in ("record_id", "channel", "store_id", "order_key")]
    return [*same, pl.lit(buyer_role).alias("actor_role"), pl.col("status_raw").alias("subtype")]


def _refunded_at() -> pl.Expr:
    """When money went back; where the file does not tell, the export from which it is known."""
    return pl.coalesce("closed_at", "completed_at", "version_at")


def order_entries(table: pl.DataFrame, buyer_role: str) -> pl.DataFrame:
    """The ledger of orders: what was paid, what was given back, what coupons were worth.

    Args:
        table: as for `order_events`.
        buyer_role: likewise.
    """
    bought_at = pl.coalesce("paid_at", "created_at")
    kinds = (
        ("payment", pl.col("paid_amount"), bought_at, bought_at),
        ("refund", -pl.col("refunded_amount"), _refunded_at(), pl.coalesce("closed_at", "completed_at")),
        ("coupon", -pl.col("coupon_amount"), bought_at, bought_at),
    )
    happened = pl.col("paid_at").is_not_null() | pl.col("status").is_in(
        ["paid", "partly_shipped", "shipped", "completed"]
    )
    found = []
    for kind, amount, at, told_at in kinds:
        entry = table.filter(happened | (pl.lit(kind) == "refund")).select(
            "record_id",
            "order_key",
            kind=pl.when(pl.col("is_return") & (pl.lit(kind) == "payment"))
            .then(pl.lit("refund"))
            .otherwise(pl.lit(kind)),
            amount=amount,
            unit=pl.col("currency"),
            at=at,
            at_precision=pl.when(told_at.is_null()).then(pl.lit("unknown")).otherwise(pl.lit("second")),
            role=pl.lit(buyer_role),
            ref_no=pl.lit(None, dtype=pl.String),
        )
        found.append(entry.filter(pl.col("amount").abs() > _CENT))
    entries = pl.concat(found)
    return entries.with_columns(entry_id=pl.concat_str("record_id", pl.lit("order"), "kind", separator="-"))
