"""When people buy, what, where and for how much: a process with dropout, so that its future is known.

Occasions follow the MBG/NBD model (each person a Poisson rate while alive, and a chance to leave for ever after
every purchase); durables wear out (Weibull) and are replaced; spending levels are Gamma-Gamma. The calendar is
warped by the season, which leaves the process as it is in operational time. What happens to an order after it
was placed is in `fulfilment`.
"""

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from simulator.catalogue import CATEGORIES, N_TIERS, Products
from simulator.people import DAY, Calendar, People
from simulator.presence import Presence
from simulator.rates import EARLIER_DAYS, FUTURE_DAYS
from simulator.streams import Bools, Floats, Ints, Streams, chance, pick, pick_each

_RATE_SHAPE, _RATE_PER_YEAR = 1.1, 1.75
_DROPOUT = (1.0, 2.1)
_SPEND_SHAPE, _SPEND_Q = 5.0, 5.0
_WEAR_SHAPE = 3.0
STAYS_WITH_BRAND = 0.55
_FIRST_DURABLE, _LATER_DURABLE, _OWN_CONSUMABLE = 0.58, 0.09, 0.85
_SECOND_LINE = 0.22
_TIER_FROM = np.asarray([0.62, 0.9, 1.25, 1.8])
_MAX_OCCASIONS = 200


@dataclass
class Purchases:
    """Orders in order of time, and their lines. Amounts of a line are list prices in yuan."""

    buyer: Ints
    at: Ints
    channel: Ints
    line_order: Ints  # order of each line; lines lie in order of their orders
    line_product: Ints
    line_qty: Ints
    durable: Bools

    def __len__(self) -> int:
        return len(self.buyer)


@dataclass
class Values:
    """What the process knows of each person at the end of the as-of day."""

    rate_per_year: Floats
    dropout: Floats
    spend_level: Floats
    alive: Bools  # the process goes on
    p_alive: Floats  # what the purchases so far say about it, with the person's own rate and dropout
    expected_365d: Floats  # purchases in the next 365 days, replacements left out
    # Each durable that was bought of the process itself: person, bought_at, category, again_at, whether of this brand.
    wear: pl.DataFrame = field(default_factory=pl.DataFrame)


@dataclass
class _Clock:
    """Operational time (days, season taken out) from calendar time and back."""

    seconds: Floats
    operational: Floats

    def operational_at(self, at: Ints | Floats) -> Floats:
        return np.interp(at, self.seconds, self.operational)

    def calendar_at(self, operational: Floats) -> Ints:
        return np.interp(operational, self.operational, self.seconds).astype(np.int64)


def _clock(span: Calendar) -> _Clock:
    first, last = -EARLIER_DAYS - 30, span.horizon // DAY + 2
    dates = np.datetime64(span.start) + np.arange(first, last)
    month_day = np.asarray([d.month * 100 + d.day for d in dates.astype(object)])
    season = np.ones(len(dates))
    season[(month_day >= 601) & (month_day <= 620)] = 1.7
    season[(month_day >= 1101) & (month_day <= 1112)] = 2.2
    season[(month_day >= 125) & (month_day <= 215)] = 0.6
    season /= season.mean()
    return _Clock(np.arange(first, last + 1).astype(float) * DAY, np.concatenate([[0.0], np.cumsum(season)]) + first)


def make_purchases(
    streams: Streams, people: People, presence: Presence, goods: Products, span: Calendar
) -> tuple[Purchases, Values]:
    """All orders from the first day of the files to the horizon, and the truth about each person's value."""
    rng = streams("purchases")
    n = people.total
    rate = rng.gamma(_RATE_SHAPE, _RATE_PER_YEAR / _RATE_SHAPE, n) / 365.0
    dropout = rng.beta(*_DROPOUT, n)
    level = (_SPEND_Q - 1) / rng.gamma(_SPEND_Q, 1.0, n)
    clock = _clock(span)
    who, at_op, dead_at = _occasions(rng, presence.buyer, people, rate, dropout, clock, span)
    values = _values(who, at_op, dead_at, rate, dropout, level, presence.buyer, clock, span)
    at = clock.calendar_at(at_op) + rng.integers(0, 600, len(at_op))
    order = np.lexsort((at, who))
    who, at = who[order], at[order]
    first = np.concatenate([[True], who[1:] != who[:-1]]) if len(who) else np.zeros(0, dtype=bool)
    category, owned = _main_categories(rng, who, first)
    (who, at, category, owned), wear = _with_replacements(rng, who, at, category, owned, span)
    values.wear = wear
    keep = np.flatnonzero((at >= 0) & (at < span.horizon))
    keep = keep[np.lexsort((who[keep], at[keep]))]
    who, at, category, owned = who[keep], daytime(rng, at[keep]), category[keep], owned[keep]
    channel = pick_each(rng, presence.weight[who])
    lines = _lines(rng, who, category, owned, level)
    durable = np.asarray([c.durable for c in CATEGORIES])[goods.category[lines[1]]]
    return Purchases(who, at, channel, *lines, durable), values


def _occasions(
    rng: np.random.Generator,
    buyer: Bools,
    people: People,
    rate: Floats,
    dropout: Floats,
    clock: _Clock,
    span: Calendar,
) -> tuple[Ints, Floats, Floats]:
    """Purchase occasions (person, operational time) and when each person left (inf: not by the horizon)."""
    end = float(clock.operational_at(np.asarray([span.horizon]))[0])
    dead_at = np.full(people.total, np.inf)
    active = np.flatnonzero(buyer)
    now = clock.operational_at(people.joined_at[active])
    whos, times = [], []
    for _ in range(_MAX_OCCASIONS):
        if not len(active):
            break
        whos.append(active)
        times.append(now)
        leaves = rng.random(len(active)) < dropout[active]
        dead_at[active[leaves]] = now[leaves]
        following = now + rng.exponential(1.0, len(active)) / rate[active]
        stay = ~leaves & (following < end)
        active, now = active[stay], following[stay]
    return np.concatenate(whos), np.concatenate(times), dead_at


def _values(
    who: Ints,
    at_op: Floats,
    dead_at: Floats,
    rate: Floats,
    dropout: Floats,
    level: Floats,
    buyer: Bools,
    clock: _Clock,
    span: Calendar,
) -> Values:
    """P(alive) given the history and the person's own parameters, and E[purchases] from there."""
    now = float(clock.operational_at(np.asarray([span.end]))[0])
    year = float(clock.operational_at(np.asarray([span.end + FUTURE_DAYS * DAY]))[0]) - now
    last = np.full(len(rate), -np.inf)
    past = at_op < now
    np.maximum.at(last, who[past], at_op[past])
    bought = buyer & np.isfinite(last)
    silence = (1 - dropout) * np.exp(-rate * np.where(bought, now - last, 0.0))
    p_alive = np.where(bought, silence / (dropout + silence), 0.0)
    return Values(
        rate_per_year=np.where(buyer, rate * 365, 0.0),
        dropout=np.where(buyer, dropout, 0.0),
        spend_level=level,
        alive=bought & (dead_at > now),
        p_alive=p_alive,
        expected_365d=p_alive * (1 - np.exp(-rate * dropout * year)) / dropout,
    )


def _weights(durable: bool) -> Floats:
    return np.asarray([c.weight * (c.durable is durable) for c in CATEGORIES])


def _main_categories(rng: np.random.Generator, who: Ints, first: Bools) -> tuple[Ints, Ints]:
    """What each occasion is about, and which durable the person owns (-1 none); rows sorted by person."""
    n = len(who)
    buys_durable = rng.random(n) < np.where(first, _FIRST_DURABLE, _LATER_DURABLE)
    durable = pick(rng, n, _weights(True))
    begin = np.maximum.accumulate(np.where(first, np.arange(n), 0))
    owned = np.where(buys_durable[begin], durable[begin], -1)
    category = np.where(buys_durable, durable, _consumables(rng, owned))
    return category, owned


def _consumables(rng: np.random.Generator, owned: Ints) -> Ints:
    """What is bought again: mostly for the durable that is owned."""
    n = len(owned)
    longest = max(len(c.consumables) for c in CATEGORIES)
    table = np.asarray([[c.consumables[k % len(c.consumables)] if c.consumables else 10
                         for k in range(longest)] for c in CATEGORIES])  # fmt: skip
    fitting = table[np.maximum(owned, 0), rng.integers(0, longest, n)]
    return np.where((owned >= 0) & chance(rng, n, _OWN_CONSUMABLE), fitting, pick(rng, n, _weights(False)))


def _with_replacements(
    rng: np.random.Generator, who: Ints, at: Ints, category: Ints, owned: Ints, span: Calendar
) -> tuple[tuple[Ints, Ints, Ints, Ints], pl.DataFrame]:
    """Add the purchases that replace a worn-out durable; gives back beside them when each wears out (`Values.wear`)."""
    life = np.asarray([c.life_years for c in CATEGORIES])[category]
    bought = np.flatnonzero(life > 0)
    again_at = at[bought] + life_seconds(rng, category[bought])
    loyal = chance(rng, len(bought), STAYS_WITH_BRAND)
    stays = loyal & (again_at < span.horizon)
    again = bought[stays]
    wear = pl.DataFrame(
        {
            "person": who[bought],
            "bought_at": at[bought],
            "category": category[bought],
            "again_at": again_at,
            "loyal": loyal,
        }
    )
    bought_all = (
        np.concatenate([who, who[again]]),
        np.concatenate([at, again_at[stays]]),
        np.concatenate([category, category[again]]),
        np.concatenate([owned, category[again]]),
    )
    return bought_all, wear


def life_seconds(rng: np.random.Generator, category: Ints) -> Ints:
    """How long durables of these categories last: Weibull with the category's median."""
    life = np.asarray([c.life_years for c in CATEGORIES])[category]
    scale = life * 365 * DAY / np.log(2) ** (1 / _WEAR_SHAPE)
    return (rng.weibull(_WEAR_SHAPE, len(category)) * scale).astype(np.int64)


def daytime(rng: np.random.Generator, at: Ints) -> Ints:
    """The same days, at hours when people shop."""
    hour = pick(rng, len(at), np.asarray(
        [2, 1, .5, .3, .2, .3, .8, 2, 4, 6, 8, 7.5, 6.5, 6, 6, 6.5, 6.5, 6, 6.5, 8, 9.5, 9, 7, 4]))  # fmt: skip
    return at // DAY * DAY + hour * 3600 + rng.integers(0, 3600, len(at))


def bought_again(rng: np.random.Generator, who: Ints, owned: Ints, level: Floats) -> tuple[Ints, Ints, Ints]:
    """Lines of orders of consumables: order, product and quantity, as `Purchases` has them."""
    return _lines(rng, who, _consumables(rng, owned), owned, level)


def _lines(rng: np.random.Generator, who: Ints, category: Ints, owned: Ints, level: Floats) -> tuple[Ints, Ints, Ints]:
    """Order, product and quantity of each line: the main product, and now and then something with it."""
    n = len(who)
    spend = rng.gamma(_SPEND_SHAPE, level[who] / _SPEND_SHAPE)
    tier = np.searchsorted(_TIER_FROM, spend)
    second = np.flatnonzero(chance(rng, n, _SECOND_LINE))
    order = np.concatenate([np.arange(n), second])
    kind = np.concatenate([category, _consumables(rng, owned[second])])
    is_durable = np.asarray([c.durable for c in CATEGORIES])[kind]
    quantity = 1 + np.where(is_durable, chance(rng, len(kind), 0.015), rng.poisson(0.35, len(kind)))
    place = np.argsort(order, kind="stable")
    product = kind * N_TIERS + tier[order]
    return order[place], product[place], quantity[place].astype(np.int64)
