"""Meetings that leave a trace of their own: codes that are scanned, visits that a store writes down, reviews.

They come from what people bought and owned, and, for visits and guides' codes, from people who only looked.
"""

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from simulator import variants
from simulator.advertising import TOLD_DAYS
from simulator.fulfilment import NEVER
from simulator.people import BASE, DAY
from simulator.presence import JD, POS, TMALL, YOUZAN
from simulator.rates import MAX_EXTRA_DAYS
from simulator.streams import Bools, Ints, chance, pick
from simulator.wechat import GUIDES_PER_STORE

if TYPE_CHECKING:
    from simulator.model import World

RECEIPT, PARCEL, MACHINE, GUIDE, SERVICE = range(5)
_SCAN_SHARES: Final = (0.16, 0.07, 0.2, 0.0, 0.2)
_GUIDE_SCANS: Final = 0.06  # of the people near a store
REASONS: Final = ("选购", "了解产品", "咨询安装", "售后", "活动")
ORIGINS: Final = ("自然进店", "老客户介绍", "小程序预约", "广告", "设计师推荐")
_VISIT_BEFORE: Final = 0.6  # of purchases of a durable at the till
_LOOKERS: Final = 0.09  # of the people near a store: came and bought nothing
_REVIEWED: Final = (0.09, 0.07)  # of orders online, of tickets with a card
WORDS: Final = (
    ("不太满意，等了很久", "和描述有差距", "客服回复慢"),
    ("一般，能用", "还可以", "中规中矩"),
    ("不错，安装师傅很专业", "用了一周很好用", "质量好，推荐", "第二次买了", "家里人都说好"),
)


def since(world: "World") -> int:
    """The day from which the brand keeps such traces."""
    return max(0, world.span.end - TOLD_DAYS * DAY)


def last(world: "World") -> int:
    """Where the extra days end."""
    return world.span.end + MAX_EXTRA_DAYS * DAY


def _within(world: "World") -> pl.Expr:
    return (pl.col("at") >= since(world)) & (pl.col("at") < last(world))


def several(world: "World") -> Bools:
    """People of the home market whom more than one source may know."""
    people = world.people
    return (people.kind == BASE) & ~people.overseas & (world.presence.lone < 0)


def make_scans(world: "World") -> pl.DataFrame:
    """One row per scan of a code: `kind`, `person`, `at`, and of what: `store`, `guide`, `order`, `machine`, …"""
    rng = world.streams("scans")
    able = several(world) & world.contacts.has_wechat
    orders = world.sales.orders.filter(~pl.col("unpaid") & ~pl.col("damaged"))
    till = orders.filter(pl.col("channel") == POS).select("order", "store", person="buyer", at="at")
    parcel = orders.filter(pl.col("channel").is_in([TMALL, JD]) & (pl.col("done_at") < NEVER)).select(
        "order", person="receiver", at="done_at"
    )
    home = orders.filter(pl.col("done_at") < NEVER).select("order", person="receiver", at="done_at")
    machines = world.sales.lines.filter("durable").join(home, on="order", how="inner", maintain_order="left")
    serial = pl.col("order").cast(pl.String).str.zfill(7) + pl.col("position").cast(pl.String)
    machines = machines.with_columns(machine="CY" + (pl.col("product") // 5 + 10).cast(pl.String) + serial)
    served = world.tickets.select("order", "person", at=pl.col("at") + pl.col("takes"))
    near = np.flatnonzero(able & (world.presence.store >= 0) & chance(rng, len(able), _GUIDE_SCANS))
    begin = np.maximum(world.people.joined_at[near], since(world))
    met = pl.DataFrame({"person": near, "at": begin + (rng.random(len(near)) * (last(world) - begin)).astype(np.int64)})
    parts = [
        (till.with_columns(pl.col("at") + 400), RECEIPT),
        (parcel, PARCEL),
        (machines.select("order", "person", "at", "machine", "product"), MACHINE),
        (met, GUIDE),
        (served, SERVICE),
    ]
    frames = []
    for rows, kind in parts:
        keep = able[rows["person"].to_numpy()] & (chance(rng, len(rows), _SCAN_SHARES[kind]) | (kind == GUIDE))
        wait = rng.integers(30, 2 * DAY if kind in (PARCEL, MACHINE) else 1200, len(rows))
        kept = rows.with_columns(at=pl.col("at") + pl.Series(wait), kind=pl.lit(kind, dtype=pl.Int64))
        frames.append(kept.filter(pl.Series(keep)))
    scans = pl.concat(frames, how="diagonal").filter(_within(world)).sort("at", "kind", "person", "order")
    store = np.where(world.presence.store >= 0, world.presence.store, 0)[scans["person"].to_numpy()]
    guide = store * GUIDES_PER_STORE + rng.integers(0, GUIDES_PER_STORE, len(scans))
    order_no = world.sales.orders.select("order", "order_no")
    return scans.with_columns(
        store=pl.coalesce("store", pl.Series(store)),
        guide=pl.Series(guide),
        worker=pl.Series(rng.integers(0, 40, len(scans))),
    ).join(order_no, on="order", how="left", maintain_order="left")


def make_visits(world: "World") -> pl.DataFrame:
    """One row per visit that a store wrote down: `person`, `at`, `store`, `guide`, name and phone as they were told."""
    rng = world.streams("visits")
    bought = world.sales.lines.filter("durable").select("order").unique(maintain_order=True)
    orders = world.sales.orders.filter(pl.col("channel") == POS).join(
        bought, on="order", how="semi", maintain_order="left"
    )
    orders = orders.filter(
        pl.Series(several(world)[orders["buyer"].to_numpy()] & chance(rng, len(orders), _VISIT_BEFORE))
    )
    ahead = rng.integers(900, 18 * DAY, len(orders)) * chance(rng, len(orders), 0.7) + 900
    buyers = orders.select("store", person="buyer", at=pl.col("at") - pl.Series(ahead))
    near = np.flatnonzero(several(world) & (world.presence.store >= 0) & chance(rng, world.people.total, _LOOKERS))
    begin = np.maximum(world.people.joined_at[near], since(world))
    at = begin + (rng.random(len(near)) * (last(world) - begin)).astype(np.int64)
    at = at // DAY * DAY + rng.integers(10 * 3600, 20 * 3600, len(near))
    lookers = pl.DataFrame({"store": world.presence.store[near], "person": near, "at": at})
    rows = pl.concat([buyers, lookers.select(buyers.columns)]).filter(_within(world)).sort("at", "person")
    n, person = len(rows), rows["person"].to_numpy()
    name, kind = variants.write_names(rng, world.people, world.people.full_name(), person)
    phone = world.contacts.phone_at(person, rows["at"].to_numpy(), rng.integers(0, 100, n))
    product = pick(rng, n, np.asarray([20.0, 24, 16, 13, 12, 15]))
    return rows.with_columns(
        name=pl.Series(name, dtype=pl.String),
        name_kind=pl.Series(kind),
        phone=pl.Series(phone),
        guide=pl.col("store") * GUIDES_PER_STORE + pl.Series(rng.integers(0, GUIDES_PER_STORE, n)),
        category=pl.Series(product),
        reason=pl.Series(pick(rng, n, np.asarray([50.0, 25, 10, 8, 7]))),
        origin=pl.Series(pick(rng, n, np.asarray([60.0, 12, 10, 12, 6]))),
    )


def make_reviews(world: "World") -> pl.DataFrame:
    """One row per review of an order or, at the tills, of the store: `order`, `person`, `at`, stars, words."""
    rng = world.streams("reviews")
    orders = world.sales.orders.filter(~pl.col("unpaid") & ~pl.col("damaged"))
    kept = orders.filter(pl.col("channel").is_in([TMALL, JD, YOUZAN]) & (pl.col("done_at") < NEVER))
    # Who ordered speaks; of a till, the member whose card was shown.
    online = kept.select("order", "channel", "order_no", "shop", person="buyer", at="done_at", trouble="refunded")
    tills = orders.filter((pl.col("channel") == POS) & (pl.col("card") != "")).select(
        "order", "channel", "order_no", "shop", "store", "card", person="buyer", at="at",
        trouble=pl.when(pl.col("returned_at") < NEVER).then(pl.col("paid")).otherwise(0.0),
    )  # fmt: skip
    frames = []
    for rows, share in ((online, _REVIEWED[0]), (tills, _REVIEWED[1])):
        frames.append(rows.filter(pl.Series(chance(rng, len(rows), share))))
    rows = pl.concat(frames, how="diagonal")
    rows = rows.with_columns(at=pl.col("at") + pl.Series(rng.integers(3600, 12 * DAY, len(rows)))).filter(
        _within(world)
    )
    rows = rows.sort("at", "order")
    repaired = world.tickets.filter(pl.col("kind").is_in([1, 3]))["order"]
    bad = (pl.col("trouble") > 0) | pl.col("order").is_in(repaired.implode())
    drawn: Ints = pick(rng, len(rows), np.asarray([3.0, 3, 8, 26, 60])) + 1
    main = world.sales.lines.unique("order", keep="first", maintain_order=True).select("order", "product")
    rows = rows.with_columns(stars=pl.when(bad).then(pl.Series(np.maximum(drawn - 2, 1))).otherwise(pl.Series(drawn)))
    return rows.with_columns(
        number=pl.int_range(pl.len(), dtype=pl.Int64),
        service=(pl.col("stars") + pl.Series(rng.integers(-1, 2, len(rows)))).clip(1, 5),
        delivery=(pl.col("stars") + pl.Series(rng.integers(0, 2, len(rows)))).clip(1, 5),
        words=pl.Series(rng.integers(0, 60, len(rows))),
    ).join(main, on="order", how="left", maintain_order="left")
