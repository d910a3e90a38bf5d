"""Names of made-up people: Chinese surnames and given names with their real unevenness, names abroad.

Only names and their spelling in Latin letters; who bears them is in `people`.
"""

from functools import lru_cache

import numpy as np

from simulator.streams import Floats, Ints, Texts, pick
from simulator.words import words

_ONE_CHARACTER_SHARE = 0.14
_SPELLING_OF_SURNAME = {
    "仇": "qiu", "单": "shan", "解": "xie", "曾": "zeng", "查": "zha", "盖": "ge", "覃": "qin", "尉迟": "yuchi",
}  # fmt: skip


def _surname_table() -> tuple[list[str], Floats]:
    names, weights = [], []
    for entry in words("surnames"):
        name = entry.rstrip("0123456789.")
        names.append(name)
        weights.append(float(entry[len(name) :]))
    return names, np.asarray(weights)


def _falling(n: int, steepness: float) -> Floats:
    return np.asarray(1.0 / (np.arange(n) + 4.0) ** steepness)


def draw_surnames(rng: np.random.Generator, n: int) -> Texts:
    """`n` Chinese surnames by their real frequencies, two-character ones among them."""
    names, weights = _surname_table()
    return np.asarray(names, dtype=object)[pick(rng, n, weights)]


def _draw(rng: np.random.Generator, n: int, pool: str, steepness: float) -> Texts:
    texts = np.asarray(words(pool), dtype=object)
    return texts[pick(rng, n, _falling(len(texts), steepness))]


def _by_gender(rng: np.random.Generator, gender: Ints, pool: str, steepness: float) -> Texts:
    n = len(gender)
    return np.where(gender == 1, _draw(rng, n, f"male_{pool}", steepness), _draw(rng, n, f"female_{pool}", steepness))


def draw_given_names(rng: np.random.Generator, gender: Ints) -> Texts:
    """Given names of one or two characters for people of gender 0 (female) or 1 (male)."""
    one = _by_gender(rng, gender, "one", 0.7)
    first = _by_gender(rng, gender, "first", 0.6)
    second = _by_gender(rng, gender, "second", 0.6)
    doubled = np.where(first == second, first, first + second)
    return np.where(rng.random(len(gender)) < _ONE_CHARACTER_SHARE, one, doubled)


def draw_western_names(rng: np.random.Generator, gender: Ints) -> tuple[Texts, Texts]:
    """Family and first names of people abroad."""
    n = len(gender)
    firsts = np.where(gender == 1, _draw(rng, n, "western_male", 0.5), _draw(rng, n, "western_female", 0.5))
    return _draw(rng, n, "western_surnames", 0.7), firsts


@lru_cache(maxsize=1)
def _misspelt() -> dict[str, str]:
    return dict(entry.split(":") for entry in words("misspelt"))


def misspell(given: str, draw: int) -> str:
    """A given name with one character written wrongly, as someone who only heard it would."""
    at = draw % len(given)
    wrong = _misspelt().get(given[at]) or ("佳" if given[at] != "佳" else "加")
    return given[:at] + wrong + given[at + 1 :]


@lru_cache(maxsize=4096)
def _spell(character: str) -> str:
    from pypinyin import lazy_pinyin

    return "".join(lazy_pinyin(character))


def spell_surname(surname: str) -> str:
    """A surname in pinyin, read as surnames are read."""
    if surname.isascii():
        return surname.lower()
    return _SPELLING_OF_SURNAME.get(surname) or "".join(_spell(c) for c in surname)


def spell_given(given: str) -> str:
    """A given name in pinyin."""
    return given.lower() if given.isascii() else "".join(_spell(c) for c in given)
