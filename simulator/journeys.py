"""Sessions in the mini-program and on the site: who came, from where, what they looked at, and what they did next.

The tracker has been there for eighteen months. Sessions come from interest, from messages and from purchases: before an
order people were there more often, and came more often from search and from guides than those who only look. Until
somebody logs in, the tracker knows a device and nobody else.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from simulator.advertising import MOMENTS, TOLD_DAYS, VIDEO
from simulator.advertising import PLANS as AD_PLANS
from simulator.campaigns import PLANS as CAMPAIGNS
from simulator.catalogue import CATEGORIES, N_TIERS
from simulator.fulfilment import NEVER
from simulator.people import BASE, DAY
from simulator.presence import SHOPIFY, YOUZAN
from simulator.purchases import daytime
from simulator.rates import MAX_EXTRA_DAYS
from simulator.streams import Bools, Floats, Ints, chance, hex_tokens, pick
from simulator.wechat import GUIDES_PER_STORE

if TYPE_CHECKING:
    from simulator.model import World

# Where sessions come from: utm_source, utm_campaign, weight of mere interest, weight on the way to an order.
DIRECT, FROM_VIDEO, FROM_MOMENTS, FROM_ARTICLE, FROM_SEARCH, FROM_GUIDE, FROM_MESSAGE = range(7)
SOURCES: Final = (
    ("", "", 42, 32),
    ("oceanengine", AD_PLANS[VIDEO].code, 18, 5),
    ("tencent_ads", AD_PLANS[MOMENTS].code, 15, 8),
    ("wechat_oa", "oa_article", 13, 15),
    ("search", "brand_search", 7, 22),
    ("wecom_guide", "guide_share", 5, 18),
    ("sms", "", 0, 0),  # the campaign is the message's
)
_PER_YEAR: Final = (1.4, 2.6)  # sessions of interest of people who do not buy, and who do
_WEB_SHARE: Final = 0.22
_PATH_DAYS: Final = 24
_STEP: Final = 40  # seconds between two things done
VISIT, LOGIN, VIEW, CART, CHECKOUT, PURCHASE = range(6)


@dataclass
class Journeys:
    """Events of the tracker, one row each, and the devices that they came from."""

    events: pl.DataFrame
    tracked_from: int


def make_journeys(world: "World") -> Journeys:
    """All events from the day on which the tracker came until the last of the extra days."""
    since = max(0, world.span.end - TOLD_DAYS * DAY)
    able = (world.people.kind == BASE) & ~world.people.overseas & world.contacts.has_wechat
    sessions = pl.concat(
        [_of_interest(world, able, since), _before_orders(world, able, since), _from_messages(world, able, since)]
    )
    sessions = _known(world, sessions.sort("at", "person", "order", "campaign"), since)
    return Journeys(_events(world, sessions), since)


def _sessions(rng: np.random.Generator, person: Ints, at: Ints, source: Ints, likely: Floats) -> pl.DataFrame:
    """Sessions with how far each goes; `likely` is the chance that something is put into the cart."""
    n = len(person)
    weights = np.repeat([c.weight * (1.0 if c.durable else 0.4) for c in CATEGORIES], N_TIERS)
    cart = rng.random(n) < likely
    return pl.DataFrame(
        {
            "person": person,
            "at": at,
            "source": source,
            "web": chance(rng, n, _WEB_SHARE),
            "product": pick(rng, n, np.asarray(weights, dtype=np.float64)),
            "views": 1 + rng.poisson(0.5, n),
            "cart": cart,
            "checkout": cart & chance(rng, n, 0.25),
            "order": np.full(n, -1),
            "campaign": pl.Series([""] * n, dtype=pl.String),
        }
    )


def _weights(on_the_way: bool) -> Floats:
    return np.asarray([float(s[3 if on_the_way else 2]) for s in SOURCES])


def _of_interest(world: "World", able: Bools, since: int) -> pl.DataFrame:
    """People who look around, most of whom buy nothing."""
    rng, people = world.streams("interest"), world.people
    last = world.span.end + MAX_EXTRA_DAYS * DAY
    person = np.flatnonzero(able)
    start = np.maximum(people.joined_at[person] - 15 * DAY, since)
    years = np.maximum(last - start, 0) / (365 * DAY)
    count = rng.poisson(np.asarray(_PER_YEAR)[world.presence.buyer[person].astype(int)] * years)
    who = np.repeat(person, count)
    begin = np.repeat(start, count)
    at = daytime(rng, begin + (rng.random(len(who)) * (last - begin)).astype(np.int64))
    source = pick(rng, len(who), _weights(False))
    return _sessions(rng, who, np.where(at < begin, at + DAY, at), source, np.full(len(who), 0.08))


def _before_orders(world: "World", able: Bools, since: int) -> pl.DataFrame:
    """Where buyers were before they bought; who buys in the own shop is there when they do."""
    rng = world.streams("paths")
    orders = world.sales.orders.filter((pl.col("channel") != SHOPIFY) & (pl.col("at") > since + DAY))
    orders = orders.filter(
        pl.Series(able[orders["buyer"].to_numpy()]) & (pl.col("at") < world.span.end + MAX_EXTRA_DAYS * DAY)
    )
    n = len(orders)
    in_shop = (orders["channel"] == YOUZAN).to_numpy()
    count = np.where(in_shop | chance(rng, n, 0.6), 1 + rng.poisson(0.7, n), 0)
    row = np.repeat(np.arange(n), count)
    buyer, bought_at = orders["buyer"].to_numpy(), orders["at"].to_numpy()
    before = (rng.random(len(row)) ** 2 * _PATH_DAYS * DAY).astype(np.int64) + 1200
    path = _sessions(
        rng, buyer[row], bought_at[row] - before, pick(rng, len(row), _weights(True)), np.full(len(row), 0.35)
    )
    main = world.sales.lines.unique("order", keep="first", maintain_order=True).select("order", "product")
    product = orders.select("order").join(main, on="order", how="left", maintain_order="left")["product"].to_numpy()
    path = path.with_columns(product=product[row]).filter(pl.col("at") >= since)
    own = np.flatnonzero(in_shop)
    last = _sessions(rng, buyer[own], bought_at[own], pick(rng, len(own), _weights(True)), np.ones(len(own)))
    last = last.with_columns(
        product=product[own],
        order=orders["order"].to_numpy()[own],
        checkout=pl.lit(True),
        at=pl.col("at") - _STEP * (pl.col("views") + 4),
    )
    return pl.concat([path, last])


def _from_messages(world: "World", able: Bools, since: int) -> pl.DataFrame:
    """People who follow a campaign's link: few, but most of those whom it moved to buy; and the links to everybody."""
    rng = world.streams("links")
    treated = world.campaigns.members.filter((pl.col("arm") >= 0) & ~pl.col("failed") & (pl.col("at") > since))
    moved = world.campaigns.extra.select("campaign", "person", pl.lit(True).alias("moved"))
    treated = treated.join(moved, on=["campaign", "person"], how="left", maintain_order="left")
    rate = np.where(treated["moved"].fill_null(False).to_numpy(), 0.7, 0.07)
    codes = np.asarray([plan.code for plan in CAMPAIGNS], dtype=object)
    own = treated.filter(pl.Series(rng.random(len(treated)) < rate))
    told = world.messages.sent.filter(~pl.col("failed") & (pl.col("at") > since))
    all_told = told.filter(pl.Series(chance(rng, len(told), 0.02)))
    person = np.concatenate([own["person"].to_numpy(), all_told["person"].to_numpy()])
    sent = np.concatenate([own["at"].to_numpy(), all_told["at"].to_numpy()])
    code = np.concatenate(
        [codes[own["campaign"].to_numpy()], ("campaign_" + all_told["campaign"].cast(pl.String)).to_numpy()]
    )
    keep = able[person]
    person, sent, code = person[keep], sent[keep], code[keep]
    at = sent + rng.integers(120, 20 * 3600, len(person))
    made = _sessions(rng, person, at, np.full(len(person), FROM_MESSAGE), np.full(len(person), 0.3))
    return made.with_columns(campaign=pl.Series(code, dtype=pl.String))


def _known(world: "World", sessions: pl.DataFrame, since: int) -> pl.DataFrame:
    """Add the device, and whether somebody is logged in: `device`, `known`, `logs_in` (the first time on a device)."""
    rng = world.streams("logins")
    total = world.people.total
    registered = np.full(total, NEVER, dtype=np.int64)
    shoppers = world.members.shoppers
    several = world.presence.lone[shoppers["person"].to_numpy()] < 0
    np.minimum.at(registered, shoppers["person"].to_numpy()[several], shoppers["at"].to_numpy()[several])
    phones, browsers = hex_tokens(rng, total, 16), hex_tokens(rng, total, 16)
    # At home some use one computer.
    shares = chance(rng, total, 0.3) & (world.people.kind == BASE)
    browser_of = np.where(shares, world.people.head, np.arange(total))
    person, web = sessions["person"].to_numpy(), sessions["web"].to_numpy()
    device = np.where(web, "web-" + browsers[browser_of[person]], "mp-" + phones[person])
    can = sessions["at"].to_numpy() >= registered[person]
    known = can & ((sessions["order"].to_numpy() >= 0) | chance(rng, len(sessions), 0.85))
    framed = sessions.with_columns(
        device=pl.Series(device, dtype=pl.String), known=pl.Series(known), fresh=pl.Series(registered[person] >= since)
    )
    first = pl.col("at") == pl.col("at").filter(pl.col("known")).min().over("person", "web")
    return framed.with_columns(logs_in=(pl.col("known") & first).fill_null(False), guide=_guides(world, person, rng))


def _guides(world: "World", person: Ints, rng: np.random.Generator) -> pl.Series:
    """The guide whose link it would be: who added the person in WeCom, else one of the store nearby."""
    guide = np.where(world.presence.store >= 0, world.presence.store * GUIDES_PER_STORE, 0)
    guide = guide + rng.integers(0, GUIDES_PER_STORE, len(guide))
    contacts = world.wechat.contacts
    guide[contacts["person"].to_numpy()] = contacts["guide"].to_numpy()
    return pl.Series(guide[person])


def _events(world: "World", sessions: pl.DataFrame) -> pl.DataFrame:
    """Sessions taken apart: `what`, `at`, the session's columns, and a number that orders them."""
    rows = sessions.with_row_index("session")
    end = pl.col("views") + 1
    views = rows.with_columns(step=pl.int_ranges(1, end)).explode("step")
    parts = [
        (rows, VISIT, pl.lit(0)),
        (rows.filter("logs_in"), LOGIN, pl.lit(0.5)),
        (views, VIEW, pl.col("step")),
        (rows.filter("cart"), CART, end),
        (rows.filter("checkout"), CHECKOUT, end + 1),
        (rows.filter(pl.col("order") >= 0), PURCHASE, pl.col("views") + 4),
    ]
    frames = [
        part.with_columns(what=pl.lit(what, dtype=pl.Int64), at=pl.col("at") + (step * _STEP).cast(pl.Int64)).select(
            *rows.columns, "what"
        )
        for part, what, step in parts
    ]
    events = pl.concat(frames).sort("at", "session", "what")
    # Before the login of a session, and without one, it is a device that acts.
    before = pl.col("logs_in") & (pl.col("what") < LOGIN)
    return events.with_columns(known=pl.col("known") & ~before, number=pl.int_range(pl.len(), dtype=pl.Int64))
