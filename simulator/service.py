"""After-sales work orders: installations, repairs, maintenance, returns of durables that were bought."""

from typing import Final

import numpy as np
import polars as pl

from simulator import variants
from simulator.contacts import Contacts
from simulator.fulfilment import NEVER, Sales, mates
from simulator.people import BASE, DAY, People
from simulator.presence import SHOPIFY, Presence
from simulator.rates import TEXTS
from simulator.streams import Bools, Ints, Streams, chance

INSTALL, REPAIR, MAINTAIN, RETURN = range(4)
KINDS: Final = ("报装", "报修", "保养", "退换")
_INSTALLED, _REPAIRED, _MAINTAINED, _RETURNED = 0.38, 0.13, 0.10, 0.015
_BY_RELATIVE = 0.06


def make_tickets(
    streams: Streams, people: People, contacts: Contacts, presence: Presence, sales: Sales
) -> pl.DataFrame:
    """One row per work order: who called, about which machine, when."""
    rng = streams("tickets")
    machines = _machines(sales, presence)
    rows = pl.concat([_of_kind(rng, machines, kind) for kind in range(len(KINDS))])
    rows = rows.filter(pl.col("at") < NEVER).sort("at", "order", "kind")
    n = len(rows)
    owner, at = rows["receiver"].to_numpy(), rows["at"].to_numpy()
    relative = chance(rng, n, _BY_RELATIVE) & (people.kind[owner] == BASE)
    person = _callers(people, presence, owner, relative)
    name, kind = variants.write_names(rng, people, people.full_name(), person, scale=1.3)
    home = people.home_at(owner, at)
    place = variants.write_addresses(rng, people.homes, home)
    return rows.with_columns(
        person=person,
        name=pl.Series(name, dtype=pl.String),
        name_kind=kind,
        phone=contacts.phone_at(person, at, rng.integers(0, 100, n)),
        home=home,
        number=pl.int_range(n),
        score=rng.integers(1, 6, n),
        worker=rng.integers(0, 40, n),
        takes=rng.integers(1 * 3600, 6 * DAY, n),
        cancelled=chance(rng, n, 0.03),
        phone_typo=chance(rng, n, TEXTS.phone_typo),
    ).hstack(place.rename({"kind": "home_kind"}))


def _callers(people: People, presence: Presence, owner: Ints, relative: Bools) -> Ints:
    """Who calls: the owner, or a relative unless that one is to be seen in one source only."""
    mate = mates(people)[owner]
    return np.where(relative & (presence.lone[mate] < 0), mate, owner)


def _machines(sales: Sales, presence: Presence) -> pl.DataFrame:
    """Durables that were delivered in the home market to people who may be seen in this source."""
    orders = sales.orders.select("order", "channel", "receiver", "done_at", bought_at="at")
    lines = sales.lines.filter("durable").select("order", "product", "position")
    joined = lines.join(orders, on="order", maintain_order="left").filter(
        (pl.col("channel") != SHOPIFY) & (pl.col("done_at") < NEVER)
    )
    alone = presence.lone[joined["receiver"].to_numpy()] >= 0
    serial = pl.col("order").cast(pl.String).str.zfill(7) + pl.col("position").cast(pl.String)
    return joined.filter(~alone).with_columns(machine="CY" + (pl.col("product") // 5 + 10).cast(pl.String) + serial)


def _of_kind(rng: np.random.Generator, machines: pl.DataFrame, kind: int) -> pl.DataFrame:
    """The machines that need one kind of service, with the time of the call."""
    n = len(machines)
    done = machines["done_at"].to_numpy()
    share = (_INSTALLED, _REPAIRED, _MAINTAINED, _RETURNED)[kind]
    after = (
        rng.integers(0, 4 * DAY, n),
        rng.integers(30 * DAY, 900 * DAY, n),
        rng.integers(170 * DAY, 420 * DAY, n),
        rng.integers(1 * DAY, 15 * DAY, n),
    )[kind]
    needs = chance(rng, n, share)
    return machines.with_columns(kind=pl.lit(kind), at=done + after).filter(pl.Series(needs))
