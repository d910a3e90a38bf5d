"""Where people live: cities with their districts and codes, streets, estates, stores' cities, places abroad.

The regions are real (GB/T 2260 codes); roads and estates are common names put together at random.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from simulator.streams import Bools, Floats, Ints, Texts, pick
from simulator.words import table, words

_ROAD_ENDS: Final = ("路", "路", "路", "街", "大道", "东路", "西路", "南路", "北路")


@dataclass(frozen=True)
class Cities:
    """The cities of the home market; all lists have one entry per city."""

    province: Texts
    name: Texts
    weight: Floats
    postcode: Texts
    first_district: Ints  # offset into the districts
    n_districts: Ints
    district_name: Texts
    district_code: Texts


@lru_cache(maxsize=1)
def cities() -> Cities:
    """The cities with their districts; a city without districts has one with an empty name."""
    rows = table("cities")
    names: list[str] = []
    codes: list[str] = []
    first, count = [], []
    for row in rows:
        entries = row[4].split() or ["441900"]  # Dongguan has towns, no districts
        first.append(len(names))
        count.append(len(entries))
        codes += [e[:6] for e in entries]
        names += [e[6:] for e in entries]
    return Cities(
        province=np.asarray([r[0] for r in rows], dtype=object),
        name=np.asarray([r[1] for r in rows], dtype=object),
        weight=np.asarray([float(r[2]) for r in rows]),
        postcode=np.asarray([r[3] for r in rows], dtype=object),
        first_district=np.asarray(first, dtype=np.int64),
        n_districts=np.asarray(count, dtype=np.int64),
        district_name=np.asarray(names, dtype=object),
        district_code=np.asarray(codes, dtype=object),
    )


@dataclass(frozen=True)
class Homes:
    """Street addresses, one entry per home; `abroad` homes use city as an index of `ABROAD`."""

    city: Ints
    district: Ints
    road: Texts
    number: Ints
    estate: Texts
    building: Ints
    unit: Ints
    room: Ints
    abroad: Bools


def _some(rng: np.random.Generator, n: int, pool: list[str]) -> Texts:
    return np.asarray(pool, dtype=object)[rng.integers(0, len(pool), n)]


def draw_homes(rng: np.random.Generator, city: Ints, abroad: Bools) -> Homes:
    """One random home in each of the given cities."""
    n, known = len(city), cities()
    home_city = np.where(abroad, 0, city)
    district = known.first_district[home_city] + rng.integers(0, 1 << 30, n) % known.n_districts[home_city]
    floor = rng.integers(1, 27, n)
    return Homes(
        city=city,
        district=district,
        road=_some(rng, n, words("roads")) + _some(rng, n, list(_ROAD_ENDS)),
        number=rng.integers(1, 900, n),
        estate=_some(rng, n, words("estate_heads")) + _some(rng, n, words("estate_ends")),
        building=rng.integers(1, 30, n),
        unit=rng.integers(1, 4, n),
        room=floor * 100 + rng.integers(1, 5, n),
        abroad=abroad,
    )


@dataclass(frozen=True)
class Abroad:
    """A place that the international shop ships to."""

    city: str
    province: str
    country: str
    postcode: str
    dial: str
    zone: str  # offset of local time as the shop's files write it
    weight: float


ABROAD: Final = (
    Abroad("San Jose", "CA", "US", "95112", "1408", "-0800", 10),
    Abroad("Irvine", "CA", "US", "92618", "1949", "-0800", 9),
    Abroad("Seattle", "WA", "US", "98109", "1206", "-0800", 8),
    Abroad("Houston", "TX", "US", "77002", "1713", "-0600", 7),
    Abroad("New York", "NY", "US", "10013", "1212", "-0500", 9),
    Abroad("Singapore", "", "SG", "238801", "65", "+0800", 16),
    Abroad("London", "ENG", "GB", "E14 5AB", "44", "+0000", 9),
    Abroad("Manchester", "ENG", "GB", "M1 2JQ", "44", "+0000", 5),
)


def streets_abroad(homes: Homes, index: Ints) -> list[str]:
    """First address lines of homes abroad, e.g. `27 Maple Street`."""
    streets = words("streets_abroad")
    number, road = homes.number[index], homes.building[index] % len(streets)
    ends = ("Street", "Avenue", "Road", "Lane")
    return [f"{n} {streets[r]} {ends[u % 4]}" for n, r, u in zip(number, road, homes.unit[index], strict=True)]


def draw_cities(rng: np.random.Generator, n: int) -> Ints:
    """`n` home-market cities by weight."""
    return pick(rng, n, cities().weight)


def draw_abroad(rng: np.random.Generator, n: int) -> Ints:
    """`n` places abroad by weight."""
    return pick(rng, n, np.asarray([p.weight for p in ABROAD]))
