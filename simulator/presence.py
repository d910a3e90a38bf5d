"""Where each person meets the brand: who buys, on which channels, and which single trace loners leave."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from simulator.catalogue import Stores
from simulator.contacts import Contacts
from simulator.people import BASE, People
from simulator.phenomena import Phenomena
from simulator.streams import Bools, Floats, Ints, Streams, chance, pick

TMALL, JD, YOUZAN, POS, SHOPIFY = range(5)
CHANNELS: Final = ("tmall", "jd", "youzan", "pos", "shopify")
# What the one source of a loner is, and its weight.
_LONE: Final = (("tmall", 30), ("jd", 20), ("youzan", 11), ("pos", 19), ("wechat_oa", 20))
_BUYER_SHARE = 0.76
_LONE_MEMBER_BUYS = 0.6  # of those seen at the till or in the own shop alone


@dataclass
class Presence:
    """One entry per person."""

    buyer: Bools
    weight: Floats  # (people × channels) preference, zero where the person never buys
    lone: Ints  # place in `_LONE`, -1: several sources
    store: Ints  # the home store, -1: none in the city

    def lone_in(self, source: str) -> Bools:
        """Who is seen in this source and nowhere else."""
        names = [name for name, _ in _LONE]
        return self.lone == names.index(source)


def make_presence(
    streams: Streams, people: People, contacts: Contacts, phenomena: Phenomena, stores: Stores
) -> Presence:
    """Decide for everyone of the base how they deal with the brand; may move when they join."""
    rng = streams("presence")
    n = people.total
    base = people.kind == BASE
    lone = np.where(
        phenomena.single_source & ~people.overseas & base,
        pick(rng, n, np.asarray([w for _, w in _LONE], dtype=float)),
        -1,
    )
    count = stores.n_of_city[people.city]
    store = np.where(
        (count > 0) & ~people.overseas,
        stores.of_city[people.city] + rng.integers(0, 1 << 30, n) % np.maximum(count, 1),
        -1,
    )
    lone = np.where((lone == 3) & (store < 0), 0, lone)
    lone = np.where((lone == 4) & ~contacts.has_wechat, 1, lone)
    lone = np.where((lone == 2) & (contacts.shares >= 0), 0, lone)
    weight = rng.dirichlet(np.asarray([0.34, 0.22, 0.18, 0.26]) * 1.7, n)
    weight[:, POS] *= store >= 0
    weight[:, YOUZAN] *= ~contacts.shares_always
    weight = np.concatenate([weight + 1e-9 * (weight[:, :1] >= 0), np.zeros((n, 1))], axis=1)
    weight[:, POS] *= store >= 0
    weight[:, YOUZAN] *= ~contacts.shares_always
    weight[people.overseas] = np.eye(5)[SHOPIFY]
    for place, (name, _) in enumerate(_LONE):
        if name in CHANNELS:
            weight[lone == place] = np.eye(5)[CHANNELS.index(name)]
    marketplace = (lone == 0) | (lone == 1)
    member = (lone == 2) | (lone == 3)
    buyer = base & np.where(
        member, chance(rng, n, _LONE_MEMBER_BUYS), marketplace | people.overseas | chance(rng, n, _BUYER_SHARE)
    )
    buyer &= lone != 4
    weight[~buyer] = 0
    # Who is seen in one source only must be seen there: not before the files begin.
    early = (people.joined_at < 0) & ((lone >= 0) | people.overseas)
    people.joined_at[early] *= -1
    return Presence(buyer, weight, lone, store)
