"""How names and addresses get written: exactly, wrongly, in traditional characters, with a title, masked, shortened.

Works on whole columns: the usual way is vectorised, only the rows that deviate are written one by one.
"""

from functools import lru_cache
from typing import Any, Final

import numpy as np
import polars as pl

from simulator.names import misspell
from simulator.people import People
from simulator.places import Homes, cities
from simulator.rates import TEXTS
from simulator.streams import Ints, Texts

EXACT, TRADITIONAL, TYPO, TITLE, MASKED, NICK = range(6)
FULL, SHORT, REORDERED, NO_DISTRICT, NO_ROOM = range(5)
_TITLES: Final = (("女士", "小姐", "姐"), ("先生", "先生", "哥"))


@lru_cache(maxsize=1)
def _to_traditional() -> Any:
    from opencc import OpenCC

    return OpenCC("s2t")


def write_names(
    rng: np.random.Generator, people: People, full_name: Texts, person: Ints, *, scale: float = 1.0
) -> tuple[Texts, Ints]:
    """The names of these people as somebody wrote them down.

    Args:
        rng: draws.
        people: everyone.
        full_name: everybody's right name, `people.full_name()`.
        person: who is written, one entry per row.
        scale: factor on the usual shares of deviations; 0 for none.

    Returns:
        The texts, and how each was written: EXACT, TRADITIONAL, TYPO, TITLE, MASKED or NICK.
    """
    n = len(person)
    shares = [
        TEXTS.name_traditional, TEXTS.name_typo, TEXTS.name_title, TEXTS.name_masked, TEXTS.name_nick
    ]  # fmt: skip
    # Drawn from the top, so that most draws mean "exact".
    bounds = np.cumsum([0.0, *shares]) * scale
    draw = rng.random(n)
    kind = np.where(draw < bounds[-1], np.searchsorted(bounds, draw, side="right"), EXACT)
    texts = full_name[person]
    kind = np.where(people.overseas[person], EXACT, kind)
    extra = rng.integers(0, 1 << 30, n)
    for row in np.flatnonzero(kind):
        who = person[row]
        texts[row], kind[row] = _deviate(
            people.surname[who], people.given[who], int(people.gender[who]), int(kind[row]), int(extra[row])
        )
    return texts, kind


def _deviate(surname: str, given: str, gender: int, kind: int, draw: int) -> tuple[str, int]:
    if kind == TRADITIONAL:
        text = str(_to_traditional().convert(surname + given))
        return text, TRADITIONAL if text != surname + given else EXACT
    if kind == TYPO:
        return surname + misspell(given, draw), TYPO
    if kind == TITLE:
        return surname + _TITLES[gender][draw % 3], TITLE
    if kind == MASKED:
        return surname[0] + "*" * (len(surname + given) - 1), MASKED
    nick = (f"小{surname[0]}", f"{given[-1]}{given[-1]}", "家人", "物业代收")[draw % 4]
    return nick, NICK


def mask_name(names: pl.Expr) -> pl.Expr:
    """Names as platforms mask them, `王**`."""
    return names.str.slice(0, 1) + "**"


def mask_phone(phone: pl.Expr, head: int, tail: int) -> pl.Expr:
    """An 11-digit number with only its first and last digits left."""
    return phone.str.slice(0, head) + "*" * (11 - head - tail) + phone.str.slice(11 - tail)


def write_addresses(rng: np.random.Generator, homes: Homes, home: Ints) -> pl.DataFrame:
    """The addresses of these homes as somebody wrote them.

    Returns:
        One row per entry: province, city, district (empty where left out), detail, postcode, and `kind`: FULL, SHORT,
        REORDERED, NO_DISTRICT or NO_ROOM (without building and room: no evidence of the home).
    """
    n, table = len(home), cities()
    shares = [
        TEXTS.address_short, TEXTS.address_reordered, TEXTS.address_no_district, TEXTS.address_no_room
    ]  # fmt: skip
    draw, bounds = rng.random(n), np.cumsum([0.0, *shares])
    kind = np.where(draw < bounds[-1], np.searchsorted(bounds, draw, side="right"), FULL)
    word = np.asarray(["幢", "幢", "幢", "号楼", "栋"], dtype=object)[rng.integers(0, 5, n)]
    home_city = np.where(homes.abroad[home], 0, homes.city[home])
    frame = pl.DataFrame(
        {
            "province": pl.Series(table.province[home_city], dtype=pl.String),
            "city": pl.Series(table.name[home_city], dtype=pl.String),
            "district": pl.Series(table.district_name[homes.district[home]], dtype=pl.String),
            "road": pl.Series(homes.road[home], dtype=pl.String),
            "number": homes.number[home],
            "estate": pl.Series(homes.estate[home], dtype=pl.String),
            "building": homes.building[home],
            "unit": homes.unit[home],
            "room": homes.room[home],
            "word": pl.Series(word, dtype=pl.String),
            "postcode": pl.Series(table.postcode[home_city], dtype=pl.String),
            "kind": kind,
        }
    )
    return frame.select(
        "province",
        "city",
        pl.when(pl.col("kind") == NO_DISTRICT).then(pl.lit("")).otherwise("district").alias("district"),
        _detail().alias("detail"),
        pl.col("postcode") + "00",
        "kind",
    )


def _detail() -> pl.Expr:
    street = pl.format("{}{}号", "road", "number")
    flat = pl.format("{}{}{}单元{}室", "building", "word", "unit", "room")
    kind = pl.col("kind")
    return (
        pl.when(kind == SHORT)
        .then(pl.format("{}{}-{}-{}", "estate", "building", "unit", "room"))
        .when(kind == REORDERED)
        .then(pl.format("{}{}（{}）", "estate", flat, street))
        .when(kind == NO_ROOM)
        .then(pl.format("{}{}", street, "estate"))
        .otherwise(pl.format("{}{}{}", street, "estate", flat))
    )
