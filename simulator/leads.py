"""Leads: people whom partners hand in and advertisements bring, what became of them, and why some were lost.

Half of them are on the way to a purchase that comes; the others only asked.
"""

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from simulator import variants
from simulator.encounters import last, several, since
from simulator.fulfilment import NEVER
from simulator.people import DAY
from simulator.presence import JD, POS, TMALL, YOUZAN
from simulator.streams import Bools, Ints, chance
from simulator.wechat import GUIDES_PER_STORE

if TYPE_CHECKING:
    from simulator.model import World

NEW, FOLLOWED, WON, LOST = range(4)
LOST_BECAUSE: Final = ("价格偏高", "选择了其他品牌", "装修延期", "联系不上", "仅咨询", "不在服务区域")
_BUYERS, _ASKERS = 0.1, 0.035  # of those who buy a durable, and of all others: how many are handed in by partners
_FROM_ADS: Final = 0.9  # how many come by advertisement, for each that a partner hands in
_WON_DAYS: Final = 45


def make_leads(world: "World") -> pl.DataFrame:
    """One row per lead: `by_ad`, `person`, `at`, when it was followed, won (`order`) and lost, and by whom."""
    rng = world.streams("leads")
    able = several(world) & (world.contacts.shares < 0)
    won = _coming(world, able)
    won = won.filter(pl.Series(chance(rng, len(won), _BUYERS * (1 + _FROM_ADS))))
    won = won.with_columns(at=pl.col("won_at") - pl.Series(rng.integers(DAY, _WON_DAYS * DAY, len(won))))
    others = able.copy()
    others[won["person"].to_numpy()] = False
    who = np.flatnonzero(others & chance(rng, len(others), _ASKERS * (1 + _FROM_ADS)))
    begin = np.maximum(world.people.joined_at[who] - 20 * DAY, since(world))
    at = begin + (rng.random(len(who)) * np.maximum(last(world) - begin, 1)).astype(np.int64)
    asked = pl.DataFrame({"person": who, "at": at})
    rows = pl.concat([won, asked], how="diagonal").filter((pl.col("at") >= since(world)) & (pl.col("at") < last(world)))
    rows = rows.with_columns(pl.col("order").fill_null(-1), pl.col("won_at").fill_null(NEVER)).sort("at", "person")
    return _followed(world, rng, rows)


def _coming(world: "World", able: Bools) -> pl.DataFrame:
    """The first purchase of a durable of each person in the time told of, where a lead may name it."""
    durable = world.sales.lines.filter("durable").select("order").unique(maintain_order=True)
    orders = world.sales.orders.join(durable, on="order", how="semi", maintain_order="left").filter(
        pl.col("channel").is_in([TMALL, JD, YOUZAN, POS])
        & ~pl.col("unpaid")
        & ~pl.col("damaged")
        & ~pl.col("gift")
        & ((pl.col("channel") != POS) | (pl.col("card") != ""))
        & (pl.col("at") >= since(world) + DAY)
    )
    orders = orders.filter(pl.Series(able[orders["buyer"].to_numpy()]))
    first = orders.sort("at", "order").unique("buyer", keep="first", maintain_order=True)
    return first.select("order", "order_no", person="buyer", won_at="at")


def _followed(world: "World", rng: np.random.Generator, rows: pl.DataFrame) -> pl.DataFrame:
    n, person = len(rows), rows["person"].to_numpy()
    at, won_at = rows["at"].to_numpy(), rows["won_at"].to_numpy()
    followed = np.where(chance(rng, n, 0.85), at + rng.integers(1800, 3 * DAY, n), NEVER)
    followed = np.where(won_at < NEVER, np.minimum(np.minimum(followed, at + 3 * DAY), won_at - 60), followed)
    lost = np.where((won_at >= NEVER) & chance(rng, n, 0.7), at + rng.integers(4 * DAY, 60 * DAY, n), NEVER)
    name, kind = variants.write_names(rng, world.people, world.people.full_name(), person)
    store = np.where(world.presence.store[person] >= 0, world.presence.store[person], 0)
    by_ad = rng.random(n) < _FROM_ADS / (1 + _FROM_ADS)
    return rows.with_columns(
        by_ad=pl.Series(by_ad),
        followed_at=pl.Series(followed),
        lost_at=pl.Series(lost),
        reason=pl.Series(rng.integers(0, len(LOST_BECAUSE), n)),
        name=pl.Series(name, dtype=pl.String),
        name_kind=pl.Series(kind),
        phone=pl.Series(world.contacts.own_phone_at(person, at)),
        store=pl.Series(store),
        guide=pl.Series(store * GUIDES_PER_STORE + rng.integers(0, GUIDES_PER_STORE, n)),
        category=pl.Series(rng.integers(0, 6, n)),
        partner=pl.Series(_partners(world, rng, store)),
        number=pl.int_range(n, dtype=pl.Int64),
    )


def _partners(world: "World", rng: np.random.Generator, store: Ints) -> Ints:
    """Who handed each in: a decorating firm or a designer (place in the brand's list)."""
    hands_in = np.flatnonzero((world.brand.partners["kind"] != "经销商").to_numpy())
    return hands_in[rng.integers(0, len(hands_in), len(store))]


def state_at(moment: int) -> pl.Expr:
    """NEW, FOLLOWED, WON or LOST as it was known at a moment."""
    return (
        pl.when(pl.col("won_at") <= moment)
        .then(WON)
        .when(pl.col("lost_at") <= moment)
        .then(LOST)
        .when(pl.col("followed_at") <= moment)
        .then(FOLLOWED)
        .otherwise(NEW)
    )
