"""Flows of members' value: what a report of points or stored value says of an order counts before the order's own word.

A ticket tells in one sum what was paid from a card; the card's own report tells it by principal and gift. Both in the
ledger would take the value twice.
"""

from collections.abc import Sequence

import polars as pl

from touchpoints.build import Built
from touchpoints.rows import RECORD

_KINDS = ("points", "stored_value")
_SAME = ["order_key", "kind", "unit"]


def count_flows_once(built: Sequence[Built]) -> None:
    """Takes out the entries of orders that a report of their members' value tells too; changes the tables in place.

    Args:
        built: with ledger entries that know their orders.
    """
    reports = [_entries(part, of_orders=False).select(_SAME) for part in built]
    told = pl.concat(reports).unique() if reports else pl.DataFrame()
    if told.is_empty():
        return
    for part in built:
        twice = _entries(part, of_orders=True).join(told, on=_SAME, how="semi")["entry_id"]
        if len(twice):
            ledger = part.tables["ledger"]
            part.tables["ledger"] = ledger.filter(~pl.col("entry_id").is_in(twice.implode()))


def _entries(part: Built, *, of_orders: bool) -> pl.DataFrame:
    """Entries of members' value that know their order, told by the order's own record or by others."""
    own = pl.col(RECORD).is_in(part.tables["orders"][RECORD].implode())
    known = pl.col("kind").is_in(_KINDS) & pl.col("order_key").is_not_null()
    return part.tables["ledger"].filter(known & (own if of_orders else ~own))
