"""Who brought whom: members who bring others, those who were brought bringing more, up to three levels told.

What a referrer gets for it in points is in `loyalty`, in money in `commissions`.
"""

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from simulator import variants
from simulator.fulfilment import NEVER
from simulator.members import OWN
from simulator.people import BASE, DAY
from simulator.presence import JD, POS, TMALL, YOUZAN
from simulator.streams import Bools, Ints, chance

if TYPE_CHECKING:
    from simulator.model import World

PROGRAMME: Final = "CY-LDX"  # the campaign's code
REWARDS: Final = (100, 30, 10)  # points by level
_BROUGHT: Final = 0.18  # of those who came while the files go
_ADVOCATES, _BROUGHT_ADVOCATES = 0.1, 0.4  # of the members: they bring all others; who was brought does so more often
_FIRST_ORDER_DAYS: Final = 120


def make_referrals(world: "World") -> pl.DataFrame:
    """One row per person brought and level: `number`, `level`, `referrer`, `person`, `at`, `order`, `order_at`.

    `order` is the first purchase of the person brought (-1: none that soon), with its `order_no` and `channel`.
    """
    rng = world.streams("referrals")
    brought, referrer, at = _edges(world, rng)
    first = _first_orders(world, brought, at)
    name, kind = variants.write_names(rng, world.people, world.people.full_name(), brought, scale=0.8)
    level_1 = pl.DataFrame(
        {
            "person": brought,
            "referrer": referrer,
            "at": at,
            "name": pl.Series(name, dtype=pl.String),
            "name_kind": kind,
        }
    ).with_columns(number=pl.int_range(pl.len(), dtype=pl.Int64), level=pl.lit(1, dtype=pl.Int64))
    parent = np.full(world.people.total, -1, dtype=np.int64)
    since = np.full(world.people.total, NEVER, dtype=np.int64)
    parent[brought], since[brought] = referrer, at
    rows = [level_1]
    for level in (2, 3):
        below = rows[-1]["referrer"].to_numpy()
        above = np.where(since[below] < rows[-1]["at"].to_numpy(), parent[below], -1)
        rows.append(
            rows[-1].with_columns(referrer=above, level=pl.lit(level, dtype=pl.Int64)).filter(pl.Series(above >= 0))
        )
    joined = pl.concat(rows).join(first, on="person", how="left", maintain_order="left")
    return joined.with_columns(pl.col("order").fill_null(-1), pl.col("order_at").fill_null(NEVER)).sort(
        "at", "number", "level"
    )


def registered(world: "World") -> Bools:
    """Who is a member with a number of their own at a till or in the shop."""
    flags = np.zeros(world.people.total, dtype=bool)
    flags[world.members.cards.filter(pl.col("phone_kind") == OWN)["person"].to_numpy()] = True
    flags[world.members.shoppers.filter("is_member")["person"].to_numpy()] = True
    return flags & (world.contacts.shares < 0) & (world.presence.lone < 0)


def _edges(world: "World", rng: np.random.Generator) -> tuple[Ints, Ints, Ints]:
    """Who was brought, by whom, when; nobody is brought twice, and every referrer was there before."""
    people = world.people
    members = np.flatnonzero(registered(world) & (people.kind == BASE))
    came = members[np.argsort(people.joined_at[members], kind="stable")]
    is_new = (people.joined_at[came] > 30 * DAY) & chance(rng, len(came), _BROUGHT)
    new = came[is_new]
    advocates = came[rng.random(len(came)) < np.where(is_new, _BROUGHT_ADVOCATES, _ADVOCATES)]
    earlier = np.searchsorted(people.joined_at[advocates], people.joined_at[new] - 30 * DAY)
    new, earlier = new[earlier > 0], earlier[earlier > 0]
    referrer = advocates[(rng.random(len(new)) ** 0.8 * earlier).astype(np.int64)]
    at = people.joined_at[new] - rng.integers(1800, 6 * DAY, len(new))
    return new, referrer, at


def _first_orders(world: "World", person: Ints, at: Ints) -> pl.DataFrame:
    """The first purchase of each person brought that the tool can name, where it came soon."""
    orders = world.sales.orders.filter(pl.col("channel").is_in([TMALL, JD, YOUZAN, POS]) & ~pl.col("unpaid"))
    brought = pl.DataFrame({"person": person, "since": at})
    theirs = orders.select("order", "order_no", "channel", "damaged", "card", person="buyer", order_at="at").join(
        brought, on="person", how="inner"
    )
    soon = (pl.col("order_at") >= pl.col("since")) & (pl.col("order_at") < pl.col("since") + _FIRST_ORDER_DAYS * DAY)
    named = ~pl.col("damaged") & ((pl.col("channel") != POS) | (pl.col("card") != ""))
    first = theirs.filter(soon & named).sort("order_at", "order").unique("person", keep="first", maintain_order=True)
    return first.select("person", "order", "order_at", "order_no", "channel")
