"""An order as it stood at the moment of an export: status, what was refunded, which times are known."""

import polars as pl

from simulator.writers.exports import Period

CREATED, PAID, SHIPPED, COMPLETED, CLOSED = range(5)
_CHANGES = ("paid_at", "shipped_at", "done_at", "refund_at", "closed_at")


def shown_orders(orders: pl.DataFrame, period: Period, channel: int) -> pl.DataFrame:
    """The orders that an export shows, with `status`, `refund_shown` and `receipt` as of its making."""
    now = period.exported_at
    status = (
        pl.when(pl.col("closed_at") <= now)
        .then(CLOSED)
        .when(pl.col("done_at") <= now)
        .then(COMPLETED)
        .when(pl.col("shipped_at") <= now)
        .then(SHIPPED)
        .when(pl.col("paid_at") <= now)
        .then(PAID)
        .otherwise(CREATED)
    )
    return orders.filter((pl.col("channel") == channel) & period.touches("at", *_CHANGES)).with_columns(
        status=status,
        refund_shown=pl.when(pl.col("refund_at") <= now).then(pl.col("refunded")).otherwise(0.0),
        receipt=pl.when(pl.col("paid_at") <= now).then(pl.col("paid")).otherwise(0.0),
    )


def status_text(*names: str) -> pl.Expr:
    """The platform's words for CREATED … CLOSED."""
    return pl.col("status").replace_strict(list(range(5)), list(names), return_dtype=pl.String)
