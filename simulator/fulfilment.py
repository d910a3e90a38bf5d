"""What happens to an order: number, shop, receiver, amounts, payment, shipping, refund.

One table of orders and one of lines for the whole world; how much of it a file shows is the writers' matter.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from simulator import variants
from simulator.catalogue import CATEGORIES, Products, Stores
from simulator.contacts import Contacts
from simulator.people import DAY, OUTSIDER, Calendar, People
from simulator.presence import JD, POS, SHOPIFY, TMALL, YOUZAN, Presence
from simulator.purchases import Purchases
from simulator.rates import ORDERS
from simulator.streams import Bools, Floats, Ints, Streams, chance, pick

NEVER: Final = np.iinfo(np.int64).max // 4
WECHAT, ALIPAY, CASH, CARD, STORED = range(5)


@dataclass
class Sales:
    """Orders (one row each, in order of time; `order` is the row number) and their lines."""

    orders: pl.DataFrame
    lines: pl.DataFrame


def make_sales(
    streams: Streams,
    people: People,
    contacts: Contacts,
    presence: Presence,
    purchases: Purchases,
    goods: Products,
    stores: Stores,
    span: Calendar,
    *,
    first: int = 0,
) -> Sales:
    """Follow every purchase to its end; orders are numbered from `first`."""
    rng = streams("fulfilment")
    lines = _lines(purchases, goods)
    orders = _amounts(rng, people, purchases, lines)
    orders = orders.with_columns(**_shop(rng, purchases, lines, presence, stores))
    receiver, gift = _receivers(rng, people, purchases)
    orders = orders.with_columns(
        receiver=receiver,
        gift=gift,
        **_payment(rng, people, contacts, presence, purchases),
        **_times(rng, purchases, orders),
        order_no=_numbers(purchases, span, first),
        damaged=chance(rng, len(purchases), ORDERS.damaged_number) & np.isin(purchases.channel, (TMALL, JD)),
    )
    orders = pl.concat([orders, _written(streams("written"), people, contacts, orders)], how="horizontal")
    return Sales(orders.with_columns(pl.col("order") + first), lines.with_columns(pl.col("order") + first))


def _lines(purchases: Purchases, goods: Products) -> pl.DataFrame:
    price = goods.price[purchases.line_product]
    frame = pl.DataFrame(
        {
            "order": purchases.line_order,
            "product": purchases.line_product,
            "qty": purchases.line_qty,
            "price": price,
            "amount": price * purchases.line_qty,
            "durable": purchases.durable,
            "filter_kind": np.isin(goods.category[purchases.line_product], (1, 6, 8)),
        }
    )
    return frame.with_columns(position=pl.int_range(1, pl.len() + 1).over("order"))


def _amounts(rng: np.random.Generator, people: People, purchases: Purchases, lines: pl.DataFrame) -> pl.DataFrame:
    n = len(purchases)
    goods = np.bincount(purchases.line_order, lines["amount"].to_numpy(), minlength=n)
    loves_coupons = rng.beta(0.5, 1.3, people.total)[purchases.buyer]
    reduced = rng.random(n) < loves_coupons
    share = np.where(reduced, rng.uniform(0.04, 0.28, n), 0.0)
    discount = np.round(goods * share)
    online = purchases.channel != POS
    freight = np.where(online & (goods < 100), 10.0, 0.0)
    paid = goods - discount + freight
    kind = rng.random(n)
    unpaid = online & (rng.random(n) < ORDERS.unpaid)
    full = online & ~unpaid & (kind < ORDERS.refund_full)
    part = online & ~unpaid & ~full & (kind < ORDERS.refund_full + ORDERS.refund_part)
    refunded = np.where(full, paid, np.where(part, np.round(paid * rng.uniform(0.1, 0.5, n), 2), 0.0))
    return pl.DataFrame(
        {
            "order": np.arange(n),
            "channel": purchases.channel,
            "buyer": purchases.buyer,
            "at": purchases.at,
            "goods": goods,
            "discount": discount,
            "coupon": reduced & chance(rng, n, 0.6),
            "freight": freight,
            "paid": np.where(unpaid, 0.0, paid),
            "payable": paid,
            "unpaid": unpaid,
            "refunded": refunded,
            "refunded_fully": full,
        }
    )


def _shop(
    rng: np.random.Generator, purchases: Purchases, lines: pl.DataFrame, presence: Presence, stores: Stores
) -> dict[str, Ints | Bools]:
    n = len(purchases)
    filters = np.bincount(purchases.line_order, lines["filter_kind"].to_numpy(), minlength=n) > 0
    store = np.where(purchases.channel == POS, presence.store[purchases.buyer], -1)
    elsewhere = chance(rng, n, 0.12) & (store >= 0)
    city = stores.city[np.maximum(store, 0)]
    other = stores.of_city[city] + rng.integers(0, 1 << 30, n) % np.maximum(stores.n_of_city[city], 1)
    return {
        "shop": (filters & chance(rng, n, 0.6)).astype(np.int64),
        "store": np.where(elsewhere, other, store),
    }


def mates(people: People) -> Ints:
    """Another member of each person's household, the person itself where it lives alone."""
    mate = people.head.copy()
    dependants = np.flatnonzero(people.head != np.arange(people.total))
    mate[people.head[dependants]] = dependants
    return mate


def _receivers(rng: np.random.Generator, people: People, purchases: Purchases) -> tuple[Ints, Bools]:
    """Who gets the parcel: the buyer, or for gifts a relative, a friend or somebody unknown to the brand."""
    n, buyer = len(purchases), purchases.buyer
    gift = chance(rng, n, ORDERS.gift) & (purchases.channel != POS)
    outside = np.flatnonzero(people.kind == OUTSIDER)
    mate = mates(people)
    friend = _friends(rng, people)
    # Half of the outsiders are one's parents: every gift of the person goes to the same one.
    steady = chance(rng, n, 0.5)
    place = np.where(steady, buyer * 7919, rng.integers(0, 1 << 40, n)) % len(outside)
    inside = chance(rng, n, ORDERS.gift_inside_base) | (purchases.channel == SHOPIFY)
    known = np.where((mate[buyer] != buyer) & chance(rng, n, 0.6), mate[buyer], friend[buyer])
    return np.where(gift, np.where(inside, known, outside[place]), buyer), gift


def _friends(rng: np.random.Generator, people: People) -> Ints:
    """A fixed friend for everybody of the base, on the same side of the border."""
    friend = np.arange(people.total)
    for overseas in (False, True):
        group = np.flatnonzero((np.arange(people.total) < people.n) & (people.overseas == overseas))
        shuffled = rng.permutation(group)
        friend[shuffled] = np.roll(shuffled, 1)
    return friend


def _payment(
    rng: np.random.Generator, people: People, contacts: Contacts, presence: Presence, purchases: Purchases
) -> dict[str, Ints | Bools]:
    n, buyer = len(purchases), purchases.buyer
    at_till = pick(rng, n, np.asarray([0.55, 0.22, 0.08, 0.1, 0.05]))
    in_shop = pick(rng, n, np.asarray([0.86, 0.1, 0.0, 0.04, 0.0]))
    method = np.where(purchases.channel == POS, at_till, in_shop)
    by_other = chance(rng, n, ORDERS.paid_by_other)
    payer = np.where(by_other, mates(people)[buyer], buyer)
    usable = contacts.has_wechat[payer] & (presence.lone[payer] < 0)
    method = np.where((method == WECHAT) & ~usable, ALIPAY, method)
    return {
        "method": method,
        "payer": payer,
        "payer_account": (contacts.two_wechats[payer] & chance(rng, n, 0.35)).astype(np.int64),
        "own_number": chance(rng, n, 0.82),  # the bill shows the order's own number
        "no_card": chance(rng, n, ORDERS.anonymous_ticket * 0.5),
    }


def _times(rng: np.random.Generator, purchases: Purchases, orders: pl.DataFrame) -> dict[str, Ints]:
    n, at = len(purchases), purchases.at
    unpaid, full = orders["unpaid"].to_numpy(), orders["refunded_fully"].to_numpy()
    some = orders["refunded"].to_numpy() > 0
    paid = np.where(unpaid, NEVER, at + rng.integers(15, 900, n))
    shipped = at + rng.integers(6 * 3600, 40 * 3600, n)
    early = full & chance(rng, n, 0.5)  # refunded before the parcel left
    shipped = np.where(unpaid | early, NEVER, shipped)
    done = np.where(shipped < NEVER, shipped + rng.integers(2 * DAY, 11 * DAY, n), NEVER)
    refund = np.where(early, at + rng.integers(3600, 20 * 3600, n), at + rng.integers(4 * DAY, 16 * DAY, n))
    refund = np.where(some, refund, NEVER)
    closed = np.where(unpaid, at + DAY, np.where(full, refund, NEVER))
    return {
        "paid_at": paid,
        "shipped_at": shipped,
        "done_at": np.where(full, NEVER, done),
        "refund_at": refund,
        "closed_at": closed,
    }


def _numbers(purchases: Purchases, span: Calendar, first: int) -> pl.Series:
    """Order numbers in each platform's form, all different on their platform."""
    frame = pl.DataFrame(
        {
            "i": first + np.arange(len(purchases)),
            "at": purchases.at,
            "channel": purchases.channel,
            "buyer": purchases.buyer,
            "time": times(purchases.at, span),
        }
    )
    stamp = pl.col("time").dt.strftime("%Y%m%d%H%M%S")
    serial = pl.col("i").cast(pl.String)
    epoch = pl.col("time").dt.epoch("s").cast(pl.String)
    tmall = pl.concat_str(
        epoch,
        serial.str.zfill(6).str.slice(-5),
        (pl.col("buyer") * 7919 % 10_000).cast(pl.String).str.zfill(4),
    )
    jd = (250_000_000_000 + pl.col("at") * 1000 + pl.col("i") % 1000).cast(pl.String)
    shopify = "#" + (1001 + (pl.col("channel") == SHOPIFY).cum_sum() - 1).cast(pl.String)
    return frame.select(
        pl.when(pl.col("channel") == TMALL).then(tmall)
        .when(pl.col("channel") == JD).then(jd)
        .when(pl.col("channel") == YOUZAN).then("E" + stamp + serial.str.zfill(9))
        .when(pl.col("channel") == POS).then(stamp + serial.str.zfill(7))
        .otherwise(shopify).alias("no")
    )["no"]  # fmt: skip


def times(at: Ints | Floats, span: Calendar) -> pl.Series:
    """Seconds of the world as local times; what never happens is null."""
    start = int(np.datetime64(span.start, "s").astype(np.int64))
    moments = pl.Series("at", np.asarray(at, dtype=np.int64))
    known = pl.when(moments < NEVER).then(moments)
    return pl.select(((known + start) * 1_000_000).cast(pl.Datetime("us")).alias("at"))["at"]


def _written(rng: np.random.Generator, people: People, contacts: Contacts, orders: pl.DataFrame) -> pl.DataFrame:
    """Receiver's name, phone and address as typed for the order, and the phone of the buyer's account."""
    receiver, buyer = orders["receiver"].to_numpy(), orders["buyer"].to_numpy()
    at = orders["at"].to_numpy()
    name, kind = variants.write_names(rng, people, people.full_name(), receiver)
    home = people.home_at(receiver, at)
    place = variants.write_addresses(rng, people.homes, home)
    return pl.DataFrame(
        {
            "name": pl.Series(name, dtype=pl.String),
            "name_kind": kind,
            "phone": contacts.phone_at(receiver, at, rng.integers(0, 100, len(at))),
            "account_phone": contacts.own_phone_at(buyer, at),
            "home": home,
        }
    ).hstack(place.rename({"kind": "home_kind"}))


def durable_names() -> list[str]:
    """Names of the categories that wear out."""
    return [c.name for c in CATEGORIES if c.durable]
