"""Whether every tier of a ladder can be reached: a tier that no measures lead to is a mistake in its file.

Conditions that compare measures with numbers are constant between those numbers, so trying each number and a value
between each two decides it. Other conditions are left to the person who writes them.
"""

from collections.abc import Iterator
from itertools import pairwise
from math import prod
from typing import Final

import duckdb
import sqlglot
from sqlglot import exp

from common.errors import DefinitionError
from profiles.tagging.model import TierLadderTag

_COMPARISONS: Final = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Is)
_LOGIC: Final = (exp.And, exp.Or, exp.Not, exp.Paren)
_MOST: Final = 100_000


def check_ladder(tag: TierLadderTag) -> None:
    """Refuse tiers that can never be anybody's, since the ones before them take all, or nothing fulfils them.

    Raises:
        DefinitionError: there is such a tier.
    """
    edges = _edges(tag)
    if edges is None:
        return
    tried = {name: _around(numbers) for name, numbers in edges.items()}
    if prod(len(values) for values in tried.values()) > _MOST:
        return
    whens = " ".join(f"when ({tier.when}) then {place}" for place, tier in enumerate(tag.tiers))
    tables = " cross join ".join(f"(select unnest({_list(values)}) as {name})" for name, values in tried.items())
    with duckdb.connect() as con:
        found = con.execute(f"select distinct case {whens} end from {tables or '(select 1)'}").fetchall()
    reached = {place for (place,) in found}
    for place, tier in enumerate(tag.tiers):
        if place not in reached:
            problem = f"nobody can ever be in the tier {tier.value}: earlier tiers take all, or nothing fulfils it."
            raise DefinitionError(tag.path, problem, "Put the higher tier first, or correct its condition.")


def _edges(tag: TierLadderTag) -> dict[str, set[float]] | None:
    """The numbers that each measure is compared with; None where a condition says anything else."""
    edges: dict[str, set[float]] = {name: set() for name in tag.measures}
    for tier in tag.tiers:
        for comparison in _comparisons(sqlglot.parse_one(tier.when, dialect="duckdb")):
            compared = _compared(comparison) if comparison is not None else None
            if compared is None or compared[0] not in edges:
                return None
            edges[compared[0]] |= compared[1]
    return edges


def _comparisons(node: exp.Expr) -> Iterator[exp.Expr | None]:
    if isinstance(node, _COMPARISONS):
        yield node
    elif isinstance(node, _LOGIC):
        for child in node.iter_expressions():
            yield from _comparisons(child)
    else:
        yield None


def _compared(comparison: exp.Expr) -> tuple[str, set[float]] | None:
    """The one measure of a comparison and its numbers."""
    children = list(comparison.iter_expressions())
    columns = [child.name for child in children if isinstance(child, exp.Column)]
    others = [child for child in children if not isinstance(child, exp.Column | exp.Null)]
    numbers = {_number(child) for child in others}
    if len(columns) != 1 or None in numbers:
        return None
    return columns[0], {number for number in numbers if number is not None}


def _number(node: exp.Expr) -> float | None:
    if isinstance(node, exp.Neg):
        inner = _number(node.this)
        return None if inner is None else -inner
    return float(node.this) if isinstance(node, exp.Literal) and not node.is_string else None


def _around(numbers: set[float]) -> list[float | None]:
    """Each number, something between each two, below and above all, and nothing known."""
    ordered = sorted(numbers) or [0.0]
    between = [(a + b) / 2 for a, b in pairwise(ordered)]
    return [ordered[0] - 1, *ordered, *between, ordered[-1] + 1, None]


def _list(values: list[float | None]) -> str:
    return "[" + ", ".join("null" if value is None else repr(value) for value in values) + "]::double[]"
