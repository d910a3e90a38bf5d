"""What complicates people: changed, second, shared and recycled phones, namesakes, two WeChat accounts.

Here it is decided whom it happens to and when; how it shows in files is the writers' matter.
"""

from dataclasses import dataclass

import numpy as np

from simulator.contacts import Contacts
from simulator.people import BASE, DAY, Calendar, People
from simulator.rates import PEOPLE
from simulator.streams import Bools, Ints, Streams, chance

_RECYCLE_AFTER_DAYS = 150


@dataclass
class Phenomena:
    """One flag per person and phenomenon."""

    changed_phone: Bools
    second_phone: Bools
    shared_phone: Bools
    lends_phone: Bools
    recycled_phone: Bools  # got a number that someone else gave up
    gave_up_phone: Bools  # the former owner of such a number
    namesake: Bools
    two_wechats: Bools
    single_source: Bools

    def label(self) -> "np.ndarray[tuple[int], np.dtype[np.object_]]":
        """The one that matters most for each person, `plain` where there is none."""
        label = np.full(len(self.namesake), "plain", dtype=object)
        ranked = (
            ("namesake", self.namesake),
            ("second_phone", self.second_phone),
            ("changed_phone", self.changed_phone),
            ("two_wechats", self.two_wechats),
            ("shared_phone", self.shared_phone | self.lends_phone),
            ("recycled_phone", self.recycled_phone | self.gave_up_phone),
        )
        for name, flag in ranked:
            label[flag] = name
        return label


def _sample(rng: np.random.Generator, candidates: Bools, count: int) -> Ints:
    places = np.flatnonzero(candidates)
    return rng.permutation(places)[:count]


def _flags(n: int, chosen: Ints) -> Bools:
    flags = np.zeros(n, dtype=bool)
    flags[chosen] = True
    return flags


def make_phenomena(streams: Streams, people: People, contacts: Contacts, span: Calendar) -> Phenomena:
    """Let things happen to people; changes their names, phones and the time they first appear."""
    rng = streams("phenomena")
    total, n = people.total, people.n
    home_market = (people.kind == BASE) & ~people.overseas
    shared = _share_phones(rng, people, contacts)
    lends = _flags(total, contacts.shares[shared])
    changed = _change_phones(rng, people, contacts, span, home_market & ~_flags(total, shared))
    heirs, donors = _recycle_phones(
        rng, people, contacts, span, home_market & ~_flags(total, np.concatenate([shared, changed])) & ~lends
    )
    second = _sample(
        rng,
        home_market & ~_flags(total, np.concatenate([shared, changed, heirs])),
        round(n * PEOPLE.second_phone),
    )
    contacts.second[second] = contacts.add_phones(rng, second)
    two_wechats = _sample(rng, home_market & contacts.has_wechat, round(n * PEOPLE.two_wechats))
    contacts.two_wechats[two_wechats] = True
    return Phenomena(
        changed_phone=_flags(total, changed),
        second_phone=_flags(total, second),
        shared_phone=_flags(total, shared),
        lends_phone=lends,
        recycled_phone=_flags(total, heirs),
        gave_up_phone=_flags(total, donors),
        namesake=_make_namesakes(rng, people, home_market),
        two_wechats=_flags(total, two_wechats),
        single_source=_single_source(rng, people),
    )


def _share_phones(rng: np.random.Generator, people: People, contacts: Contacts) -> Ints:
    dependants = (people.head != np.arange(people.total)) & (people.kind == BASE)
    chosen = _sample(rng, dependants, round(people.n * PEOPLE.shared_phone))
    contacts.shares[chosen] = people.head[chosen]
    contacts.shares_always[chosen] = chance(rng, len(chosen), PEOPLE.shared_only)
    return chosen


def _change_phones(
    rng: np.random.Generator, people: People, contacts: Contacts, span: Calendar, candidates: Bools
) -> Ints:
    known_long = people.joined_at < span.end - 200 * DAY
    chosen = _sample(rng, candidates & known_long, round(people.n * PEOPLE.changed_phone))
    first = np.maximum(people.joined_at[chosen], 0) + 60 * DAY
    contacts.changed_at[chosen] = (first + rng.random(len(chosen)) * (span.end - 20 * DAY - first)).astype(np.int64)
    contacts.old[chosen] = contacts.main[chosen]
    contacts.main[chosen] = contacts.add_phones(rng, chosen)
    return chosen


def _recycle_phones(
    rng: np.random.Generator, people: People, contacts: Contacts, span: Calendar, candidates: Bools
) -> tuple[Ints, Ints]:
    """Give abandoned numbers to other people, who appear months after the number was given up."""
    given_up = (contacts.old >= 0) & (contacts.changed_at < span.end - (_RECYCLE_AFTER_DAYS + 60) * DAY)
    wanted = round(people.n * PEOPLE.recycled_phone)
    donors = _sample(rng, given_up, wanted)
    heirs = _sample(rng, candidates, len(donors))
    donors = donors[: len(heirs)]
    free_from = contacts.changed_at[donors] + _RECYCLE_AFTER_DAYS * DAY
    contacts.main[heirs] = contacts.old[donors]
    contacts.phone_heir[contacts.old[donors]] = heirs
    contacts.phone_heir_from[contacts.old[donors]] = free_from
    late = free_from + (rng.random(len(heirs)) * 0.8 * (span.end - free_from)).astype(np.int64)
    people.joined_at[heirs] = np.maximum(people.joined_at[heirs], late)
    return heirs, donors


def _name_groups(people: People, within: Bools) -> tuple[Ints, Ints]:
    """For people of the home market: a number per (full name, city), and how many people have it."""
    texts = (people.surname + people.given)[within]
    _, name = np.unique(texts.astype(str), return_inverse=True)
    _, group, size = np.unique(name * 1000 + people.city[within], return_inverse=True, return_counts=True)
    return group.astype(np.int64), size[group]


def namesakes(people: People, within: Bools) -> Bools:
    """Who shares the full name with another person of the same city."""
    flags = np.zeros(people.total, dtype=bool)
    flags[np.flatnonzero(within)[_name_groups(people, within)[1] > 1]] = True
    return flags


def _make_namesakes(rng: np.random.Generator, people: People, within: Bools) -> Bools:
    """Rename people after others of their city until enough have a namesake there."""
    flags = namesakes(people, within)
    for _ in range(3):
        missing = round(people.n * PEOPLE.namesake) - int(flags.sum())
        if missing <= 1:
            break
        _copy_names(rng, people, np.flatnonzero(within & ~flags), missing // 2)
        flags = namesakes(people, within)
    return flags


def _copy_names(rng: np.random.Generator, people: People, free: Ints, count: int) -> None:
    """Let `count` people bear the name of their neighbour in a list by city and gender."""
    shuffled = rng.permutation(free)
    ordered = shuffled[np.lexsort((people.gender[shuffled], people.city[shuffled]))]
    left, right = ordered[0::2][: len(ordered) // 2], ordered[1::2]
    same = (
        (people.city[left] == people.city[right])
        & (people.gender[left] == people.gender[right])
        & (people.household[left] != people.household[right])
    )
    pairs = rng.permutation(np.flatnonzero(same))[:count]
    people.surname[right[pairs]] = people.surname[left[pairs]]
    people.given[right[pairs]] = people.given[left[pairs]]


def _single_source(rng: np.random.Generator, people: People) -> Bools:
    """Who will be seen in one source only; people abroad are, since one shop serves them."""
    base = people.kind == BASE
    wanted = round(people.n * PEOPLE.single_source) - int((base & people.overseas).sum())
    chosen = _sample(rng, base & ~people.overseas, max(0, wanted))
    return _flags(people.total, chosen) | (base & people.overseas)
