"""The scheme of a table of people: comparisons and blocking rules, chosen by the columns that it has.

Belongs here: what is compared and which pairs are worth it. The comparisons themselves are `compare`'s.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final

from identity.people import compare
from identity.people.compare import Compared
from identity.scoring.scheme import BlockingRule, Scheme

# Rows that may share a blocking key in a table of so many rows or fewer; in larger ones, fewer, so that the pairs of
# a row do not grow with the table.
LARGEST_BLOCK: Final = 60
ROWS_OF_LARGEST_BLOCK: Final = 100_000
SMALLEST_BLOCK: Final = 12
# Of a Chinese name alone: there are few names, and every second pair of namesakes is of strangers.
LARGEST_OF_NAMESAKES: Final = 4
# Least average match weight of each round: even odds, then, where clusters speak for their members, four to one.
ROUND_WEIGHTS: Final = (0.0, 2.0)


def people_scheme(columns: Sequence[str], n_rows: int, *, han: bool) -> Scheme:
    """The scheme for candidates with these columns.

    Args:
        columns: of `features.make_candidates`.
        n_rows: of the table; it sets how large a block may be.
        han: whether names are written in hanzi.
    """
    compared = _compared(set(columns), han=han)
    return Scheme(
        name="people_zh" if han else "people",
        columns=tuple(columns),
        comparisons=tuple(one.comparison for one in compared),
        blocking=_blocking(set(columns), n_rows),
        training_rules=("l.unique_id = r.unique_id",),
        expected={str(one.comparison["output_column_name"]): one.expected for one in compared},
        round_weights=ROUND_WEIGHTS,
    )


def _birth_place() -> Compared:
    return compare.value("birth_place", "birth_place", "birth place", 0.8)


def _compared(columns: set[str], *, han: bool) -> list[Compared]:
    # Where no town of residence is told, the place of birth is the nearest to it.
    town = next((column for column in ("city", "birth_place") if column in columns), None)
    makers: tuple[tuple[bool, Callable[[], Compared]], ...] = (
        ("name" in columns, compare.han_name if han else compare.western_name),
        ("birth" in columns, compare.birth),
        ("national_id" in columns, lambda: compare.number("national_id", "national_id")),
        ("phones" in columns, compare.phones),
        ("emails" in columns, compare.emails),
        ("postcode" in columns or town is not None, lambda: compare.place("postcode" in columns, town)),
        ("address_words" in columns, compare.address),
        ("birth_place" in columns and town == "city", _birth_place),
        ("job" in columns, lambda: compare.value("occupation", "job", "occupation", 0.6)),
        ("gender" in columns, compare.gender),
    )
    return [make() for is_there, make in makers if is_there]


# Keys that rows may share: SQL, the list it takes one element of as `item`, and the columns it needs. Each rule is one
# of them or two together; rows that share too common a key are left to the rules that narrow it down. `!city` is for
# tables without one.
_PAIRS_OF_WORDS: Final = (
    "flatten(list_transform(name_bare, lambda a, i: "
    "list_transform(name_bare[i + 1:], lambda b: least(a, b) || ' ' || greatest(a, b))))"
)
# A year alone is written as its first of January; that day says nothing.
_DAY: Final = "case when birth[5:] <> '0101' then birth[5:] end"
_RULES: Final = (
    ("national id", "national_id", None, "national_id"),
    ("phone", "item", "phones", "phones"),
    ("e-mail", "item", "emails", "emails"),
    ("e-mail name", "item", "email_names", "email_names"),
    ("two words of the name", "item", _PAIRS_OF_WORDS, "name_bare"),
    ("a rare word of the name", "item", "name_bare", "name_bare"),
    ("postcode", "postcode", None, "postcode"),
    ("birth date", "birth", None, "birth name_bare"),
    ("a word of the name, birth date", "item || '|' || birth", "name_bare", "name_bare birth"),
    ("a word of the name, postcode area", "item || '|' || postcode_area", "name_bare", "name_bare postcode_area"),
    ("a word of the name, town", "item || '|' || city", "name_bare", "name_bare city"),
    ("a word of the name, birth place", "item || '|' || birth_place", "name_bare", "name_bare birth_place"),
    ("a word of the name, year of birth", "item || '|' || birth[:4]", "name_bare", "name_bare birth"),
    ("a word of the name, day of birth", f"item || '|' || {_DAY}", "name_bare", "name_bare birth"),
    ("a word of the name, occupation", "item || '|' || job", "name_bare", "name_bare job"),
    ("rare name", "name", None, "sound"),
    ("sound of the name, birth date", "coalesce(sound, name) || '|' || birth", None, "sound birth"),
    ("sound of the name, town", "coalesce(sound, name) || '|' || city", None, "sound city"),
    ("surname, birth date", "surname || '|' || birth", None, "surname birth !city"),
    ("surname, birth date, town", "surname || '|' || birth || '|' || city", None, "surname birth city"),
    ("birth date, town", "birth || '|' || city", None, "birth city name_bare"),
    ("birth date, birth place", "birth || '|' || birth_place", None, "birth birth_place"),
    ("birth date, postcode area", "birth || '|' || postcode_area", None, "birth postcode_area"),
    ("birth place, day of birth", f"birth_place || '|' || {_DAY}", None, "birth birth_place"),
    ("a rare word of the address, birth date", "item || '|' || birth", "address_bare[:3]", "address_bare birth"),
    ("two rare words of the address", "address_bare[1] || '|' || address_bare[2]", None, "address_bare"),
    ("a rare word of the address, postcode", "item || '|' || postcode", "address_bare[:3]", "address_bare postcode"),
)  # fmt: skip


def _blocking(columns: set[str], n_rows: int) -> tuple[BlockingRule, ...]:
    share = math.sqrt(ROWS_OF_LARGEST_BLOCK / max(n_rows, ROWS_OF_LARGEST_BLOCK))
    largest = max(round(LARGEST_BLOCK * share), SMALLEST_BLOCK)
    return tuple(
        BlockingRule(name, key, explode, LARGEST_OF_NAMESAKES if name == "rare name" else largest)
        for name, key, explode, needs in _RULES
        if all((word[1:] not in columns) if word[0] == "!" else (word in columns) for word in needs.split())
    )
