"""Verdicts: what the evidence says of each fact that both sides of a question tell, and on which two values.

Belongs here: levels of the retail scheme as words beside a fact, and the scheme's own comparisons made on single
values, to find those that a level speaks of. What the sides say is gathered by `sides`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import duckdb
import numpy as np
import polars as pl

from identity.parties import Parties
from identity.scoring.candidates import candidates
from identity.scoring.retail import RETAIL

State = Literal["agree", "partly", "differ", "unknown"]
# The comparison that speaks of each fact.
COMPARED: Final = {
    "names": "name", "nicknames": "nickname", "phones": "phone", "emails": "email", "genders": "gender",
    "birth_dates": "birth_date", "cities": "address", "addresses": "address",
}  # fmt: skip
# More values of one kind than this are not compared one by one.
_MOST: Final = 40
_PARTY: Final = {
    "name": pl.String, "quality": pl.String, "surname": pl.String, "name_pinyin": pl.String, "nickname": pl.String,
    "gender": pl.String, "birth_date": pl.Date, "province_code": pl.String, "city_code": pl.String,
    "district_code": pl.String, "address": pl.String, "country": pl.String,
}  # fmt: skip
_REACH: Final = ("phone", "phone_masked", "email")
# A candidate must have a name; where only another value is looked at, any will do.
_NOBODY: Final = "-"


@dataclass(frozen=True)
class Verdict:
    """What the evidence says of one fact.

    Attributes:
        state: agree, partly (as far as a mask shows, but for one character, or in part), differ; unknown where both
            sides tell the fact and the evidence does not compare it.
        zh, en: in words.
    """

    state: State
    zh: str
    en: str


AGREE: Final = Verdict("agree", "一致", "agree")
DIFFER: Final = Verdict("differ", "不同", "differ")
NOT_COMPARED: Final = Verdict("unknown", "未比较", "not compared")
_SHOWN: Final = Verdict("partly", "所示部分一致", "agree as far as masks show")
_END: Final = Verdict("partly", "仅末四位一致", "only the last four digits agree")
_MASKED_PHONE: Final = "the masked phone agrees"
# By the label of the level; what is not here and is not a comparison's last level agrees.
_PARTLY: Final = {
    "same sound": Verdict("partly", "同音", "sound the same"),
    "one character or the order differs": Verdict("partly", "差一字或次序不同", "one character or the order differs"),
    "what the mask or title shows agrees": _SHOWN,
    _MASKED_PHONE: _SHOWN,
    "one digit of the phone differs": Verdict("partly", "差一位", "one digit differs"),
    "same estate": Verdict("partly", "同小区", "same estate"),
    "same district": Verdict("partly", "仅同区县", "only the district agrees"),
    "same city": Verdict("partly", "仅同城", "only the city agrees"),
    "two parts of the birth date agree": Verdict("partly", "两项相同，一项不同", "one part differs"),
    "same e-mail name at another provider": Verdict("partly", "服务商不同", "another provider"),
}  # fmt: skip


def verdict(key: str, level: int | None, is_end_alone: bool = False) -> Verdict:
    """The verdict on a fact that both sides tell.

    Args:
        key: the fact, a key of `sides.FACTS`.
        level: of its comparison, 0 the disagreement; None or -1 where the evidence does not compare it.
        is_end_alone: the two phones are known to begin differently, and only what the shortest mask shows agrees.
    """
    if level is None or level < 0 or key not in COMPARED:
        return NOT_COMPARED
    if level == 0:
        return DIFFER
    label = RETAIL.level_labels()[COMPARED[key]][level]
    if label == _MASKED_PHONE and is_end_alone:
        return _END
    return AGREE if key == "cities" else _PARTLY.get(label, AGREE)


@dataclass(frozen=True)
class Value:
    """One value that a side says.

    Attributes:
        plain: in the clear.
        shown: masked.
        features: of a party that says this alone: columns of `parties.Parties`, an identifier by its type.
    """

    plain: str
    shown: str
    features: Mapping[str, Any]


@dataclass(frozen=True)
class Pair:
    """Two values that were compared.

    Attributes:
        a, b: their places in what the sides say.
        level: that they are on.
        is_against: what both show differs somewhere.
    """

    a: int
    b: int
    level: int
    is_against: bool


def closest(key: str, a: Sequence[Value], b: Sequence[Value], level: int | None) -> Pair | None:
    """The two values that a level speaks of: on it, or next to it; else the nearest agreement there is.

    Args:
        key: the fact, one of `COMPARED`.
        a: what one side says, most frequent first.
        b: what the other says.
        level: of the evidence; None for the best that there is.

    Returns:
        The pair; of several the one that is said most. None where no two can be compared.
    """
    a, b = a[:_MOST], b[:_MOST]
    if not a or not b:
        return None
    levels = _levels(COMPARED[key], [one.features for one in a], [one.features for one in b])
    found = [
        Pair(int(i), int(j), int(levels[i, j]), _is_against(a[i].plain, b[j].plain))
        for i, j in np.argwhere(levels >= 0)
    ]
    wanted = max((one.level for one in found), default=0) if level is None else level
    return min(
        found,
        key=lambda one: (
            abs(one.level - wanted),
            -one.level,
            one.is_against,
            a[one.a].plain != b[one.b].plain,
            one.a + one.b,
            one.a,
            one.b,
        ),
        default=None,
    )


def _is_against(a: str, b: str) -> bool:
    """Whether two texts of one length have different signs at a place that neither masks."""
    return len(a) == len(b) and any(x != y and "*" not in (x, y) for x, y in zip(a, b, strict=True))


def _levels(comparison: str, a: Sequence[Mapping[str, Any]], b: Sequence[Mapping[str, Any]]) -> np.ndarray[Any, Any]:
    """The level of each value of one side (rows) with each of the other (columns), by the scheme's own comparison."""
    rows = _candidates([*a, *b])
    left, right = rows.head(len(a)), rows.tail(len(b))
    with duckdb.connect() as con:
        con.register("a", left.rename(lambda name: f"{name}_l").to_arrow())
        con.register("b", right.rename(lambda name: f"{name}_r").to_arrow())
        found = con.sql(f"select ({_level_sql(comparison)})::int as level from a, b order by unique_id_l, unique_id_r")
        return np.array([level for (level,) in found.fetchall()], dtype=np.int64).reshape(len(a), len(b))


def _candidates(said: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """A candidate for each value, as scoring makes them."""
    party = pl.DataFrame(
        [{"name": _NOBODY, "quality": "full"} | {k: v for k, v in one.items() if k in _PARTY} for one in said],
        schema=_PARTY,
    ).with_row_index("party")
    carried = [(n, kind, value, "") for n, one in enumerate(said) for kind, value in one.items() if kind in _REACH]
    identifier = pl.DataFrame(
        carried,
        schema={"party": pl.UInt32, "id_type": pl.String, "id_value": pl.String, "holder": pl.String},
        orient="row",
    )
    return candidates(Parties(party, identifier), np.arange(len(said), dtype=np.int64))


def _level_sql(comparison: str) -> str:
    """A comparison of the scheme as SQL for its level, -1 where one side does not tell."""
    (levels,) = (one["comparison_levels"] for one in RETAIL.comparisons if one["output_column_name"] == comparison)
    told = [one for one in levels if not one.get("is_null_level")]
    cases = [f"when {one['sql_condition']} then -1" for one in levels if one.get("is_null_level")]
    cases += [f"when {one['sql_condition']} then {len(told) - 1 - n}" for n, one in enumerate(told[:-1])]
    return f"case {' '.join(cases)} else 0 end"
