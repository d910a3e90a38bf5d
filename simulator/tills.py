"""What happens at the till beside the sale: which card was shown, what came back, who paid by WeChat."""

from typing import Final

import numpy as np
import polars as pl

from simulator.contacts import Contacts
from simulator.fulfilment import NEVER, WECHAT, Sales
from simulator.members import Members
from simulator.people import DAY, Calendar
from simulator.presence import POS, YOUZAN
from simulator.streams import Streams, chance
from simulator.wechat import service_openids

_RETURNED: Final = 0.02
_USES_NEW_CARD: Final = 0.75


def with_cards(streams: Streams, sales: Sales, members: Members) -> Sales:
    """Add to the orders the card that was shown (`card`, empty for none) and when goods came back (`returned_at`)."""
    rng = streams("tills")
    orders = sales.orders
    first = members.cards.filter(~pl.col("second")).select(buyer="person", card_1="card", since_1="at")
    second = members.cards.filter("second").select(buyer="person", card_2="card", since_2="at")
    joined = orders.join(first, on="buyer", how="left", maintain_order="left").join(
        second, on="buyer", how="left", maintain_order="left"
    )
    n = len(orders)
    newer = (pl.col("since_2") <= pl.col("at")) & pl.Series(chance(rng, n, _USES_NEW_CARD))
    known = pl.when(newer).then(pl.col("card_2")).when(pl.col("since_1") <= pl.col("at")).then(pl.col("card_1"))
    at_till = (pl.col("channel") == POS) & ~pl.col("no_card")
    back = chance(rng, n, _RETURNED) & (orders["channel"].to_numpy() == POS)
    later = orders["at"].to_numpy() + rng.integers(3600, 12 * DAY, n)
    return Sales(
        joined.select(
            *orders.columns,
            pl.when(at_till).then(known).fill_null("").alias("card"),
            pl.Series("returned_at", np.where(back, later, NEVER)),
        ),
        sales.lines,
    )


def make_payments(sales: Sales, contacts: Contacts, span: Calendar) -> pl.DataFrame:
    """WeChat payments to the brand's own merchant number, one row each, with the payer's openid."""
    orders = sales.orders.filter(
        (pl.col("method") == WECHAT)
        & (pl.col("paid_at") < NEVER)
        & ((pl.col("channel") == POS) | ((pl.col("channel") == YOUZAN) & pl.col("own_number")))
    )
    account, payer = orders["payer_account"].to_numpy(), orders["payer"].to_numpy()
    at_till = pl.col("channel") == POS
    day = ((pl.col("paid_at") + _epoch(span)) * 1_000_000).cast(pl.Datetime("us")).dt.strftime("%Y%m%d")
    serial = pl.col("order").cast(pl.String)
    refund_at = pl.when(at_till).then(pl.col("returned_at")).otherwise(pl.col("refund_at"))
    return orders.select(
        "order",
        "channel",
        "buyer",
        "payer",
        "paid_at",
        "order_no",
        "card",
        "own_number",
        "payer_account",
        refund_at=refund_at,
        refunded=pl.when(at_till).then(pl.col("paid")).otherwise(pl.col("refunded")),
        paid="paid",
        at_till=at_till,
        openid=pl.Series(service_openids(contacts, account, payer), dtype=pl.String),
        transaction="4200002" + serial.str.zfill(3).str.slice(-3) + day + serial.str.zfill(10),
        refund_no="5030000" + serial.str.zfill(3).str.slice(-3) + day + serial.str.zfill(10),
        merchant_no=pl.when("own_number").then("order_no").otherwise("W" + pl.col("order_no")),
    )


def _epoch(span: Calendar) -> int:
    return int(np.datetime64(span.start, "s").astype(np.int64))
