"""The people of the world: who they are, where and with whom they live, when they first meet the brand.

Phones and accounts are in `contacts`, what complicates them in `phenomena`, what they buy in `purchases`.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simulator import names, places
from simulator.rates import EARLIER_DAYS, FUTURE_DAYS, MAX_EXTRA_DAYS, PEOPLE
from simulator.streams import Bools, Ints, Streams, Texts, chance

DAY: Final = 86_400
BASE, OUTSIDER, STAFF = 0, 1, 2
_JOINING_PER_DAY = 0.0009  # new people after the as-of date, per person of the base and day


@dataclass(frozen=True)
class Calendar:
    """The span of the world. Moments are whole seconds after midnight of `start`, in local time."""

    start: date
    as_of: date

    @property
    def end(self) -> int:
        """The first second after the as-of day."""
        return ((self.as_of - self.start).days + 1) * DAY

    @property
    def horizon(self) -> int:
        """How far purchases are simulated."""
        return self.end + max(FUTURE_DAYS, MAX_EXTRA_DAYS) * DAY

    def second(self, day: date) -> int:
        """The first second of a day."""
        return (day - self.start).days * DAY

    def day(self, second: int) -> date:
        """The day in which a second lies."""
        return self.start + timedelta(days=second // DAY)


def calendar(as_of: date, years: int) -> Calendar:
    """The calendar of a world of so many years that ends with the as-of day."""
    try:
        start = as_of.replace(year=as_of.year - years)
    except ValueError:  # 29 February
        start = as_of.replace(year=as_of.year - years, day=28)
    return Calendar(start + timedelta(days=1), as_of)


@dataclass
class People:
    """Everyone, one entry per person: the base, those who join later, outsiders (gift receivers), staff."""

    n: int  # people of the base, those who join after the as-of date included; outsiders and staff follow
    kind: Ints
    overseas: Bools
    gender: Ints  # 0 female, 1 male
    surname: Texts
    given: Texts
    birth: Ints  # days after 1900-01-01
    city: Ints
    household: Ints
    head: Ints  # the person who heads the household
    home: Ints
    old_home: Ints  # -1: never moved
    moved_at: Ints
    joined_at: Ints
    homes: places.Homes

    @property
    def total(self) -> int:
        """All entries, outsiders and staff included."""
        return len(self.kind)

    def home_at(self, person: Ints, at: Ints) -> Ints:
        """Where each of these people lived at these moments."""
        earlier = (self.old_home[person] >= 0) & (at < self.moved_at[person])
        return np.where(earlier, self.old_home[person], self.home[person])

    def full_name(self) -> Texts:
        """Everybody's name as it is written where they live."""
        western = np.asarray([s.isascii() for s in self.surname], dtype=bool)
        return np.where(western, self.given + " " + self.surname, self.surname + self.given)


def _households(rng: np.random.Generator, candidates: Ints, total: int, rate: float) -> tuple[Ints, Ints, Ints]:
    """Household number, its head, and each person's place in it (0 = head)."""
    household = np.arange(total)
    head = np.arange(total)
    place = np.zeros(total, dtype=np.int64)
    chosen = rng.permutation(candidates)[: int(len(candidates) * rate)]
    sizes = np.where(rng.random(len(chosen)) < 0.25, 3, 2)
    sizes = sizes[np.cumsum(sizes) <= len(chosen)]
    chosen = chosen[: sizes.sum()]
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    household[chosen] = chosen[starts]
    head[chosen] = chosen[starts]
    place[chosen] = np.arange(len(chosen)) - starts
    return household, head, place


def _joined(rng: np.random.Generator, n: int, n_later: int, end: int) -> Ints:
    """First contact with the brand: some before the files begin, growing through the years, some later."""
    span = end / DAY
    earlier = chance(rng, n, 0.15)
    growth = np.sqrt(rng.random(n) * 0.75 + 0.25) * 2 - 1  # density rises towards the end
    days = np.where(earlier, -rng.random(n) * EARLIER_DAYS, growth * span)
    later = span + rng.random(n_later) * MAX_EXTRA_DAYS
    return (np.concatenate([days, later]) * DAY).astype(np.int64)


def _genders(rng: np.random.Generator, head: Ints, place: Ints) -> Ints:
    gender = rng.integers(0, 2, len(head))
    spouse = (place == 1) & chance(rng, len(head), 0.75)
    return np.where(spouse, 1 - gender[head], gender)


def _births(rng: np.random.Generator, head: Ints, place: Ints, spouse: Bools) -> Ints:
    """Days after 1900-01-01: grown-ups; spouses of like age, parents and children a generation apart."""
    n = len(head)
    age = rng.gamma(9.0, 4.2, n)
    age = np.where((age < 19) | (age > 84), rng.uniform(20, 60, n), age)
    of_head = age[head]
    apart = rng.uniform(22, 33, n) * np.where(of_head > 47, -1, 1)
    other = np.where(spouse, of_head + rng.normal(0, 3, n), of_head + apart)
    age = np.where(place > 0, np.where((other < 18) | (other > 88), rng.uniform(19, 70, n), other), age)
    return ((2026.5 - age - 1900) * 365.25).astype(np.int64)


def make_people(streams: Streams, n: int, span: Calendar) -> People:
    """The people of a world, before anything complicated happens to them.

    Args:
        streams: the world's random streams.
        n: people who know the brand by the as-of date.
        span: the world's calendar.
    """
    rng = streams("people")
    n_later = int(np.ceil(n * _JOINING_PER_DAY * MAX_EXTRA_DAYS))
    base = n + n_later
    n_out, n_staff = max(40, int(n * 0.025)), max(12, n // 600)
    total = base + n_out + n_staff
    kind = np.repeat([BASE, OUTSIDER, STAFF], [base, n_out, n_staff])
    overseas = chance(rng, total, PEOPLE.overseas) & (kind == BASE)
    household, head, place = _households(
        rng, np.flatnonzero((kind == BASE) & ~overseas), total, PEOPLE.household_member
    )
    gender = _genders(rng, head, place)
    spouse = (place == 1) & (gender != gender[head])
    surname, given = _names(rng, overseas, gender, head, (place > 0) & ~spouse)
    city = np.where(overseas, places.draw_abroad(rng, total), places.draw_cities(rng, total))[head]
    moved = (chance(rng, total, PEOPLE.moved) & (kind == BASE) & ~overseas)[head]
    homes = places.draw_homes(rng, np.concatenate([city, city]), np.concatenate([overseas[head], overseas[head]]))
    return People(
        n=base,
        kind=kind,
        overseas=overseas,
        gender=gender,
        surname=surname,
        given=given,
        birth=_births(rng, head, place, spouse),
        city=city,
        household=household,
        head=head,
        home=head.copy(),
        old_home=np.where(moved, head + total, -1),
        moved_at=(rng.uniform(0.15, 0.9, total)[head] * span.end).astype(np.int64),
        joined_at=np.concatenate([_joined(rng, n, n_later, span.end), np.zeros(n_out + n_staff, dtype=np.int64)]),
        homes=homes,
    )


def _names(
    rng: np.random.Generator, overseas: Bools, gender: Ints, head: Ints, descendant: Bools
) -> tuple[Texts, Texts]:
    surname = names.draw_surnames(rng, len(gender))
    surname = np.where(descendant, surname[head], surname)
    given = names.draw_given_names(rng, gender)
    families, firsts = names.draw_western_names(rng, gender)
    return np.where(overseas, families, surname), np.where(overseas, firsts, given)


def birth_dates(birth: Ints) -> NDArray[np.datetime64]:
    """Days after 1900-01-01 as NumPy dates."""
    return np.datetime64("1900-01-01") + birth.astype("timedelta64[D]")
