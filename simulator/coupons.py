"""Coupons one by one: given to members, redeemed on the orders that had one, lapsed where nobody came.

The money that a coupon was worth stands with the order; campaigns give coupons of their own (`campaigns`).
"""

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from simulator.catalogue import POS_ACCOUNTS
from simulator.fulfilment import NEVER
from simulator.members import OWN
from simulator.people import DAY
from simulator.presence import POS, YOUZAN
from simulator.streams import Ints, chance

if TYPE_CHECKING:
    from simulator.model import World

MALL: Final = "chengyu-mall"  # the own shop's coupons are kept under this account
ACCOUNTS: Final = (*POS_ACCOUNTS, MALL)
NEWCOMER, FULL_CUT, BIRTHDAY = range(3)
TITLES: Final = ("新人礼券", "满减券", "生日礼券", "活动券")
_GOOD_FOR: Final = (60 * DAY, 45 * DAY, 30 * DAY)
_BIRTHDAY_SHARE: Final = 0.3


def make_coupons(world: "World") -> pl.DataFrame:
    """One row per coupon: whose (`person`; `card` at a till, else in the shop), `at`, `expires_at`, `redeemed_at`, …"""
    rng = world.streams("coupons")
    holders = _holders(world)
    used = _used(world, rng, holders)
    welcome = _welcome(rng, holders)
    # Who redeems within the newcomers' time redeems the newcomers' coupon.
    fresh = used.join(welcome.select("holder", joined="at"), on="holder", how="left", maintain_order="left")
    in_time = (pl.col("redeemed_at") >= pl.col("joined")) & (
        pl.col("redeemed_at") < pl.col("joined") + _GOOD_FOR[NEWCOMER]
    )
    first = fresh.filter(in_time).unique("holder", keep="first", maintain_order=True)
    used = used.join(first.select("order"), on="order", how="anti", maintain_order="left")
    redeemed = first.select("holder", "face", "redeemed_at", "order")
    welcome = welcome.drop("face", "redeemed_at", "order").join(
        redeemed, on="holder", how="left", maintain_order="left"
    )
    welcome = welcome.with_columns(
        pl.col("face").fill_null(20.0), pl.col("redeemed_at").fill_null(NEVER), pl.col("order").fill_null(-1)
    )
    columns = ["holder", "template", "face", "at", "expires_at", "redeemed_at", "order", "campaign"]
    parts = [frame.select(columns) for frame in (welcome, used, _birthdays(rng, world, holders))]
    rows = pl.concat(parts).join(holders.drop("since"), on="holder", how="left", maintain_order="left")
    rows = pl.concat([rows, world.campaigns.coupons.select(rows.columns)]).sort("at", "holder", "template", "order")
    orders = world.sales.orders.select("order", "order_no", "store", "channel")
    return rows.join(orders, on="order", how="left", maintain_order="left").with_columns(
        number=pl.int_range(pl.len(), dtype=pl.Int64)
    )


def _holders(world: "World") -> pl.DataFrame:
    """Who may have coupons where: `holder` is the place in this table; cards at the tills, members of the shop."""
    cards = world.members.cards.filter(pl.col("phone_kind") == OWN)
    tills = cards.select("person", "account", "card", since="at")
    shoppers = world.members.shoppers.filter(pl.col("is_member") & ~pl.col("is_masked"))
    alone = (world.contacts.shares < 0) & ~world.phenomena.lends_phone
    shoppers = shoppers.filter(pl.Series(alone[shoppers["person"].to_numpy()]))
    mall = shoppers.select(
        "person", account=pl.lit(len(POS_ACCOUNTS), dtype=pl.Int64), card=pl.lit("", dtype=pl.String), since="at"
    )
    both = pl.concat([tills, mall]).sort("since", "person", "account")
    return both.with_columns(holder=pl.int_range(pl.len(), dtype=pl.Int64))


def _rows(holder: pl.Series, template: int, face: pl.Series, at: pl.Series) -> pl.DataFrame:
    return pl.DataFrame({"holder": holder, "face": face, "at": at}).with_columns(
        template=pl.lit(template, dtype=pl.Int64),
        expires_at=pl.col("at") + _GOOD_FOR[template],
        redeemed_at=pl.lit(NEVER, dtype=pl.Int64),
        order=pl.lit(-1, dtype=pl.Int64),
        campaign=pl.lit("", dtype=pl.String),
    )


def _welcome(rng: np.random.Generator, holders: pl.DataFrame) -> pl.DataFrame:
    given = holders.filter(pl.col("since") >= 0)
    at = given["since"] + pl.Series(rng.integers(60, 3600, len(given)))
    return _rows(given["holder"], NEWCOMER, pl.Series(np.full(len(given), 20.0)), at)


def _birthdays(rng: np.random.Generator, world: "World", holders: pl.DataFrame) -> pl.DataFrame:
    """Once a year in the month of the birthday, to some."""
    years = range(world.span.start.year, world.span.as_of.year + 1)
    birth = world.people.birth[holders["person"].to_numpy()] % 365
    parts = []
    for year in years:
        start = (np.datetime64(f"{year}-01-01") - np.datetime64(world.span.start)).astype(np.int64)
        at: Ints = (start + birth) * DAY + 9 * 3600 + rng.integers(0, 3600, len(holders))
        told = (at >= 0) & (at > holders["since"].to_numpy()) & chance(rng, len(holders), _BIRTHDAY_SHARE)
        chosen = holders["holder"].filter(pl.Series(told))
        parts.append(_rows(chosen, BIRTHDAY, pl.Series(np.full(len(chosen), 30.0)), pl.Series(at[told])))
    return pl.concat(parts)


def _used(world: "World", rng: np.random.Generator, holders: pl.DataFrame) -> pl.DataFrame:
    """The coupons of orders that had one, given some days before."""
    orders = world.sales.orders.filter(
        pl.col("coupon") & (pl.col("discount") > 0) & ~pl.col("unpaid") & pl.col("channel").is_in([POS, YOUZAN])
    ).join(
        world.campaigns.coupons.select("order").filter(pl.col("order") >= 0),
        on="order",
        how="anti",
        maintain_order="left",
    )
    wanted = orders.select(
        "order", "discount", "card", person="buyer", bought_at="at", at_till=pl.col("channel") == POS
    )
    tills = wanted.filter("at_till").join(
        holders.filter(pl.col("card") != "").select("holder", "card", "since"),
        on="card",
        how="inner",
        maintain_order="left",
    )
    mall = wanted.filter(~pl.col("at_till")).join(
        holders.filter(pl.col("card") == "").select("holder", "person", "since"),
        on="person",
        how="inner",
        maintain_order="left",
    )
    columns = ["order", "discount", "bought_at", "holder", "since"]
    rows = pl.concat([tills.select(columns), mall.select(columns)]).filter(pl.col("since") < pl.col("bought_at"))
    rows = rows.sort("bought_at", "order")
    given = rows["bought_at"].to_numpy() - rng.integers(3600, 25 * DAY, len(rows))
    at = np.maximum(given, rows["since"].to_numpy() + 1)
    made = _rows(rows["holder"], FULL_CUT, rows["discount"], pl.Series(at))
    return made.with_columns(redeemed_at=rows["bought_at"], order=rows["order"])
