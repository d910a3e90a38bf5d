"""Family names: which are in use, which have two characters, and how they are read.

Data: `data/surnames.txt`, `data/surnames_two.txt`, `data/surname_pinyin.csv` (only the readings that differ from
the character's usual one). Taking names apart is `name`'s work.
"""

import csv
from functools import cache
from importlib import resources


def _text(name: str) -> str:
    return resources.files("touchpoints.normalise").joinpath("data", name).read_text("utf-8")


def _words(name: str) -> list[str]:
    return [line for line in _text(name).splitlines() if line and not line.startswith("#")]


@cache
def single() -> list[str]:
    """Family names of one character, simplified, sorted."""
    return sorted(set("".join(_words("surnames.txt"))))


@cache
def compound() -> list[str]:
    """Family names of two characters (and one of four), simplified, sorted."""
    return sorted({name for line in _words("surnames_two.txt") for name in line.split()})


@cache
def readings() -> dict[str, str]:
    """How family names are read where it is not how the character is usually read: 仇 → qiu, 尉迟 → yu chi."""
    return {row["surname"]: row["pinyin"] for row in csv.DictReader(_text("surname_pinyin.csv").splitlines())}
