"""Campaigns with arms that were drawn before anything was sent: who was in which, and what it truly changed.

An arm that works makes purchases that would not have been; one that annoys takes away some that would. Messages that
go to everybody are in `messages`; how people came from a message to an order is in `journeys`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from simulator.catalogue import CATEGORIES, POS_ACCOUNTS, Products, Stores
from simulator.contacts import Contacts
from simulator.fulfilment import NEVER, Sales, make_sales
from simulator.members import OWN, Members
from simulator.messages import OPT_OUTS, Messages
from simulator.people import DAY, Calendar, People
from simulator.phenomena import Phenomena
from simulator.presence import POS, SHOPIFY, YOUZAN, Presence
from simulator.purchases import Purchases, Values, bought_again, daytime
from simulator.streams import Bools, Floats, Ints, Streams, chance, pick_each
from simulator.tills import with_cards

WINDOW_DAYS: Final = 14  # orders so long after the drawing of the arms count
HOLDOUT: Final = "对照组"
_HOLDOUT_SHARE: Final = 0.1
_COUPON_SHARE: Final = 0.12  # of the list price, where an arm has a coupon
_COUPON_FACE: Final = 50.0  # of a coupon that nobody redeemed


@dataclass(frozen=True)
class Arm:
    """One treatment and what it adds to the share of people who buy within the window."""

    name: str
    uplift: float
    coupon: bool = False


@dataclass(frozen=True)
class Plan:
    """One campaign: how long before the as-of day it went out, to which share of the members."""

    code: str
    title: str
    kind: str
    days_ago: int
    share: float
    arms: tuple[Arm, Arm]


PLANS: Final = (
    Plan("CY-C01", "滤芯更换提醒", "到期提醒", 520, 0.7, (Arm("A", 0.06), Arm("B", 0.09, coupon=True))),
    Plan("CY-C02", "会员日抽奖", "会员活动", 455, 0.65, (Arm("A", 0.0), Arm("B", 0.0))),
    Plan("CY-C03", "沉睡会员唤醒", "唤醒", 390, 0.7, (Arm("A", 0.015), Arm("B", 0.05, coupon=True))),
    Plan("CY-C04", "双11预热", "大促", 335, 0.75, (Arm("A", 0.0), Arm("B", 0.03, coupon=True))),
    Plan("CY-C05", "高频促销短信", "促销", 265, 0.75, (Arm("A", -0.02), Arm("B", -0.03))),
    Plan("CY-C06", "春季焕新以旧换新", "换新", 205, 0.7, (Arm("A", 0.05), Arm("B", 0.08, coupon=True))),
    Plan("CY-C07", "新品预告", "新品", 120, 0.6, (Arm("A", 0.0), Arm("B", 0.0))),
    Plan("CY-C08", "清洁耗材满减", "促销", 48, 0.7, (Arm("A", 0.04), Arm("B", 0.07, coupon=True))),
)  # fmt: skip


@dataclass
class Campaigns:
    """What campaigns did; without them all tables are empty."""

    members: pl.DataFrame  # campaign × person: arm, times, phone, what they would have done and what they did
    coupons: pl.DataFrame  # given by campaigns, as `coupons.make_coupons` has them
    extra: pl.DataFrame  # the orders that they made: order, person, campaign
    lost: Ints  # the orders that they took away
    lost_orders: pl.DataFrame  # the same as they would have been


_MEMBER: Final = {"campaign": pl.Int64, "person": pl.Int64, "arm": pl.Int64, "assigned_at": pl.Int64, "at": pl.Int64,
                  "phone": pl.Int64, "failed": pl.Boolean, "error": pl.Int64, "delay": pl.Int64}  # fmt: skip
_COUPON: Final = {"holder": pl.Int64, "template": pl.Int64, "face": pl.Float64, "at": pl.Int64, "expires_at": pl.Int64,
                  "redeemed_at": pl.Int64, "order": pl.Int64, "campaign": pl.String, "person": pl.Int64,
                  "account": pl.Int64, "card": pl.String}  # fmt: skip


def no_campaigns() -> Campaigns:
    """A world in which none was run."""
    extra = pl.DataFrame(schema={"order": pl.Int64, "person": pl.Int64, "campaign": pl.Int64})
    nothing = np.zeros(0, dtype=np.int64)
    return Campaigns(pl.DataFrame(schema=_MEMBER), pl.DataFrame(schema=_COUPON), extra, nothing, pl.DataFrame())


@dataclass(frozen=True)
class Before:
    """The world as it would have been without campaigns."""

    people: People
    contacts: Contacts
    phenomena: Phenomena
    presence: Presence
    goods: Products
    stores: Stores
    span: Calendar
    sales: Sales
    values: Values
    members: Members
    messages: Messages


def run_campaigns(streams: Streams, before: Before) -> tuple[Campaigns, Sales]:
    """Draw the arms, send, and let what follows happen; gives back the sales as they are then."""
    parts = [_drawn(streams, before, number) for number in range(len(PLANS))]
    members = pl.concat([part for part in parts if len(part)] or [pl.DataFrame(schema=_MEMBER)])
    rng = streams("campaigns")
    buying = _window_buyers(before.sales, members)
    lost = _lost(rng, before.sales, members, buying)
    chosen = _moved(rng, before, members, buying)
    first = int(before.sales.orders["order"].max() or 0) + 1  # type: ignore[arg-type]
    extra = _extra_sales(streams, before, chosen, first)
    own = extra.orders.select("order", person="buyer").with_columns(campaign=chosen["campaign"])
    sales = _together(before.sales, extra, lost)
    gone = before.sales.orders.filter(pl.col("order").is_in(pl.Series(lost).implode()))
    return Campaigns(members, _coupons(before, members, extra, own), own, lost, gone), sales


def _reachable(before: Before, at: int) -> Bools:
    """Members who gave a number that they still have and share with nobody, and have not opted out."""
    total, contacts = before.people.total, before.contacts
    since = np.full(total, NEVER, dtype=np.int64)
    cards = before.members.cards.filter(pl.col("phone_kind") == OWN)
    for known in (cards, before.members.shoppers.filter(pl.col("is_member") & ~pl.col("is_masked"))):
        np.minimum.at(since, known["person"].to_numpy(), known["at"].to_numpy())
    everyone = np.arange(total)
    same = contacts.own_phone_at(everyone, np.minimum(since, at)) == contacts.own_phone_at(everyone, np.full(total, at))
    replies = before.messages.replies.filter(pl.col("content").is_in(OPT_OUTS) & (pl.col("at") < at))
    told = np.zeros(total, dtype=bool)
    told[replies["person"].to_numpy()] = True
    alone = (contacts.shares < 0) & ~before.phenomena.lends_phone & (before.presence.lone < 0)
    return (since < at) & same & alone & ~told & ~before.phenomena.recycled_phone & ~before.phenomena.gave_up_phone


def _drawn(streams: Streams, before: Before, number: int) -> pl.DataFrame:
    """The list of one campaign; empty where the files do not reach back so far."""
    plan, rng = PLANS[number], streams(f"campaign {number}")
    at = (before.span.end // DAY - plan.days_ago) * DAY + 10 * 3600
    if at < 60 * DAY:
        return pl.DataFrame(schema=_MEMBER)
    person = np.flatnonzero(_reachable(before, at))
    person = rng.permutation(person)[: int(len(person) * plan.share)]
    n, n_out = len(person), round(len(person) * _HOLDOUT_SHARE)
    arm = np.concatenate([np.full(n_out, -1), np.arange(n - n_out) % 2])
    return pl.DataFrame(
        {
            "campaign": np.full(n, number),
            "person": person,
            "arm": arm,
            "assigned_at": np.full(n, at - 2 * 3600),
            "at": at + np.arange(n) // 60,
            "phone": before.contacts.own_phone_at(person, np.full(n, at)),
            "failed": chance(rng, n, 0.03),
            "error": rng.integers(1, 4, n),
            "delay": rng.integers(2, 40, n),
        },
        schema=_MEMBER,
    )


def _window_buyers(sales: Sales, members: pl.DataFrame) -> pl.DataFrame:
    """Orders that count, by campaign and person: campaign, person, order, net."""
    return counted(sales, members).select("campaign", "person", "order", "net")


def counted(sales: Sales, members: pl.DataFrame) -> pl.DataFrame:
    """Valid orders of members of a campaign within its window: campaign, person, order, net in yuan."""
    orders = sales.orders.filter(~pl.col("unpaid")).select(
        "order", "refunded", "refunded_fully", "returned_at", "paid", person="buyer", bought_at="at"
    )
    joined = members.select("campaign", "person", "assigned_at").join(orders, on="person", how="inner")
    back = pl.when(pl.col("returned_at") < NEVER).then(pl.col("paid")).otherwise(pl.col("refunded"))
    within = (pl.col("bought_at") >= pl.col("assigned_at")) & (
        pl.col("bought_at") < pl.col("assigned_at") + WINDOW_DAYS * DAY
    )
    return (
        joined.filter(within)
        .with_columns(net=pl.col("paid") - back)
        .filter(pl.col("net") > 0)
        .sort("campaign", "person", "order")
    )


def _uplift(members: pl.DataFrame) -> Floats:
    """What each row's arm adds; nought for those held out."""
    table = np.asarray([[*(arm.uplift for arm in plan.arms), 0.0] for plan in PLANS])
    return table[members["campaign"].to_numpy(), members["arm"].to_numpy()]


def _lost(rng: np.random.Generator, sales: Sales, members: pl.DataFrame, buying: pl.DataFrame) -> Ints:
    """The orders of people whom an annoying arm kept from buying."""
    rows = members.with_columns(uplift=_uplift(members)).filter(pl.col("uplift") < 0)
    if not len(rows):
        return np.zeros(0, dtype=np.int64)
    wanted = rows.group_by("campaign", "arm").agg(n=pl.len(), uplift=pl.col("uplift").first())
    would = rows.join(buying.select("campaign", "person").unique(), on=["campaign", "person"], how="semi")
    would = would.select("campaign", "arm", "person").sort("campaign", "arm", "person")
    would = would.join(wanted, on=["campaign", "arm"], how="left", maintain_order="left")
    would = would.with_columns(of=pl.len().over("campaign", "arm"))
    share = (-would["uplift"] * would["n"] / would["of"]).to_numpy()
    gone = would.filter(pl.Series(rng.random(len(would)) < share))
    orders = buying.join(gone, on=["campaign", "person"], how="semi")["order"]
    return np.unique(orders.to_numpy())


def _moved(rng: np.random.Generator, before: Before, members: pl.DataFrame, buying: pl.DataFrame) -> pl.DataFrame:
    """People whom an arm makes buy who would not have: campaign, person, arm, at (of the message)."""
    rows = members.with_columns(uplift=_uplift(members)).filter(pl.col("uplift") > 0)
    can = pl.Series(before.presence.buyer[rows["person"].to_numpy()])
    would_not = rows.with_columns(can=can).join(buying, on=["campaign", "person"], how="anti", maintain_order="left")
    n = rows.group_by("campaign", "arm").agg(n=pl.len())
    able = would_not.filter("can").join(n, on=["campaign", "arm"], how="left", maintain_order="left")
    able = able.with_columns(of=pl.len().over("campaign", "arm"))
    # Some of the orders will not be paid or will come back.
    share = (able["uplift"] * able["n"] * 1.07 / able["of"]).to_numpy()
    return (
        able.filter(pl.Series(rng.random(len(able)) < share))
        .select("campaign", "person", "arm", "at")
        .sort("at", "person")
    )


def _extra_sales(streams: Streams, before: Before, chosen: pl.DataFrame, first: int) -> Sales:
    """The orders of these people, within the window, numbered from `first`."""
    rng = streams("campaign orders")
    n, person = len(chosen), chosen["person"].to_numpy()
    at = daytime(rng, chosen["at"].to_numpy() + rng.integers(DAY, (WINDOW_DAYS - 2) * DAY, n))
    weight = before.presence.weight[person].copy()
    weight[:, SHOPIFY] = 0
    channel = pick_each(rng, weight)
    lines = bought_again(rng, person, _owned(before.sales, person), before.values.spend_level)
    durable = np.asarray([c.durable for c in CATEGORIES])[before.goods.category[lines[1]]]
    purchases = Purchases(person, at, channel, *lines, durable)
    sales = make_sales(
        streams.within("campaigns"), before.people, before.contacts, before.presence, purchases, before.goods,
        before.stores, before.span, first=first,
    )  # fmt: skip
    coupons = np.asarray([[arm.coupon for arm in plan.arms] for plan in PLANS])
    reduced = pl.Series(coupons[chosen["campaign"].to_numpy(), chosen["arm"].to_numpy()])
    orders = _reduced(sales.orders, reduced)
    return with_cards(streams.within("campaigns"), Sales(orders, sales.lines), before.members)


def _owned(sales: Sales, person: Ints) -> Ints:
    """The category of a durable that each person bought, -1 for none."""
    lines = sales.lines.filter("durable").join(sales.orders.select("order", "buyer"), on="order", how="inner")
    owned = np.full(int(max(person.max(initial=0), lines["buyer"].max() or 0)) + 1, -1, dtype=np.int64)
    owned[lines["buyer"].to_numpy()] = lines["product"].to_numpy() // 5
    return owned[person]


def _reduced(orders: pl.DataFrame, by_coupon: pl.Series) -> pl.DataFrame:
    """The orders with the campaign's discount where its arm has a coupon."""
    less = pl.when(by_coupon).then((pl.col("goods") * _COUPON_SHARE).round(0)).otherwise("discount")
    more_paid = pl.col("discount") - less
    paid = pl.when(pl.col("unpaid")).then(0.0).otherwise(pl.col("paid") + more_paid)
    back = pl.when(pl.col("refunded_fully")).then(paid).otherwise(pl.min_horizontal("refunded", paid))
    return orders.with_columns(
        discount=less, payable=pl.col("payable") + more_paid, paid=paid, refunded=back,
        coupon=pl.when(by_coupon).then(less > 0).otherwise("coupon"),
    )  # fmt: skip


def _together(base: Sales, extra: Sales, lost: Ints) -> Sales:
    """All orders of a day one after the other, those of campaigns last."""
    kept = base.orders.filter(~pl.col("order").is_in(pl.Series(lost).implode()))
    orders = pl.concat([kept, extra.orders.select(kept.columns)]).sort(pl.col("at") // DAY, "order")
    lines = pl.concat([base.lines, extra.lines])
    lines = lines.join(orders.select("order", day=pl.col("at") // DAY), on="order", how="inner").sort(
        "day", "order", "position"
    )
    return Sales(orders, lines.drop("day"))


def _coupons(before: Before, members: pl.DataFrame, extra: Sales, own: pl.DataFrame) -> pl.DataFrame:
    """One coupon for everybody of an arm that has them, at the till of the card or in the shop."""
    codes = pl.Series([plan.code for plan in PLANS])
    gives = np.asarray([[*(arm.coupon for arm in plan.arms), False] for plan in PLANS])
    rows = members.filter(pl.Series(gives[members["campaign"].to_numpy(), members["arm"].to_numpy()]))
    cards = before.members.cards.filter((pl.col("phone_kind") == OWN) & ~pl.col("second"))
    rows = rows.join(
        cards.select("person", "account", "card", since="at"), on="person", how="left", maintain_order="left"
    )
    has_card = (pl.col("since") < pl.col("at")).fill_null(False)
    rows = rows.with_columns(
        account=pl.when(has_card).then("account").otherwise(len(POS_ACCOUNTS)),
        card=pl.when(has_card).then("card").otherwise(pl.lit("")),
    )
    bought = extra.orders.filter(~pl.col("unpaid") & (pl.col("discount") > 0)).join(own, on="order", how="inner")
    bought = bought.select("order", "campaign", "person", "channel", face="discount", redeemed_at="at", shown="card")
    rows = rows.join(bought, on=["campaign", "person"], how="left", maintain_order="left")
    fits = ((pl.col("channel") == POS) & (pl.col("shown") == pl.col("card")) & (pl.col("card") != "")) | (
        (pl.col("channel") == YOUZAN) & (pl.col("card") == "")
    )
    used = fits.fill_null(False)
    return rows.select(
        holder=pl.lit(-1, dtype=pl.Int64),
        template=pl.lit(3, dtype=pl.Int64),
        face=pl.when(used).then("face").otherwise(_COUPON_FACE),
        at=pl.col("at") + 60,
        expires_at=pl.col("assigned_at") + (WINDOW_DAYS + 1) * DAY,
        redeemed_at=pl.when(used).then("redeemed_at").otherwise(NEVER),
        order=pl.when(used).then("order").otherwise(-1),
        campaign=codes.gather(rows["campaign"]),
        person="person",
        account="account",
        card="card",
    ).cast(_COUPON)  # type: ignore[arg-type]
