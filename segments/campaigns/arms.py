"""Arms by hash: who is held out and who gets which offer, from the OneID, the campaign and a salt alone.

A person's place is a number in [0, 1) that does not change when an audience grows or shrinks, and that a program and
the warehouse work out alike: the first 52 bits of a SHA-256, which a double holds exactly.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

from sqlglot import exp

from segments.rules.comparisons import literal

HOLDOUT: Final = "holdout"
# What campaign_member takes for the holdout, so that no arm may be named so.
RESERVED: Final = frozenset({"holdout", "control", "对照", "对照组", "空白", "空白组", "控制", "控制组"})
UNIVERSAL: Final = "*"  # no campaign's code
_DIGITS: Final = 13
_SIZE: Final = 16**_DIGITS


def place_of_person(salt: str, what: str, one_id: str) -> float:
    """A person's place in [0, 1) for one thing that is drawn, evenly spread and independent of other things.

    Args:
        salt: of the brand's policy.
        what: the thing that is drawn, such as a campaign's code.
        one_id: the person.
    """
    digest = hashlib.sha256(f"{salt}|{what}|{one_id}".encode()).hexdigest()
    return int(digest[:_DIGITS], 16) / _SIZE


def place_sql(salt: str, what: str, one_id: exp.Expr) -> exp.Expr:
    """The same place as an SQL expression of DuckDB."""
    text = exp.DPipe(this=literal(f"{salt}|{what}|"), expression=one_id.copy())
    digits = exp.func("substr", exp.Anonymous(this="sha256", expressions=[text]), literal(1), literal(_DIGITS))
    number = exp.cast(exp.DPipe(this=literal("0x"), expression=digits), exp.DType.UBIGINT)
    return exp.Div(this=number, expression=exp.cast(literal(_SIZE), exp.DType.DOUBLE))


def arm_of(salt: str, code: str, one_id: str, *, holdout: float, arms: Mapping[str, float]) -> str:
    """The arm of a person in a campaign.

    The holdout and the arms are drawn apart, so that another share held out leaves the others in their arms.

    Args:
        salt: of the brand's policy.
        code: the campaign's.
        one_id: the person.
        holdout: share that is held out, 0 to 1.
        arms: share of each arm among the others, in order; they sum to 1.
    """
    if place_of_person(salt, f"{code}/{HOLDOUT}", one_id) < holdout:
        return HOLDOUT
    place, reached = place_of_person(salt, code, one_id), 0.0
    for name, share in arms.items():
        reached += share
        if place < reached:
            return name
    return list(arms)[-1]  # the shares' sum may be a hair below 1
