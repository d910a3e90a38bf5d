"""Levels: on which level of each comparison a pair of candidates lands.

Belongs here: running Splink's comparisons on values instead of rows. What two candidates say of a field is compared
once for all that say the same; where both say the same text, once for the text.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from identity.people.describe import Codes
from identity.people.features import Candidates
from identity.scoring.scheme import Comparison

Levels = NDArray[np.int8]
# Pairs of values that are laid out and compared at once.
_AT_ONCE: Final = 250_000


def levels_of(
    con: duckdb.DuckDBPyConnection,
    candidates: Candidates,
    comparisons: Sequence[Comparison],
    left: NDArray[Any],
    right: NDArray[Any],
) -> Levels:
    """Splink's level number of each pair (row) in each comparison (column): 0 is the last level, -1 not told.

    Args:
        con: to compare in.
        candidates: what is compared.
        comparisons: of a scheme.
        left: one candidate of each pair.
        right: the other.
    """
    found = np.full((len(comparisons), len(left)), -1, dtype=np.int8)
    for number, one in enumerate(comparisons):
        sql, fields, columns = _compiled(candidates, one)
        for first in range(0, len(left), _AT_ONCE):
            here = slice(first, first + _AT_ONCE)
            sides = [[candidates.codes[field][end[here]] for field in fields] for end in (left, right)]
            found[number, here] = _compared(con, candidates, sql, dict(zip(fields, columns, strict=True)), sides)
    return found.T


def _compiled(candidates: Candidates, one: Comparison) -> tuple[str, list[str], list[list[str]]]:
    """A comparison as SQL for its level, the fields that it looks at, and their columns."""
    levels = one["comparison_levels"]
    text = " ".join(str(level["sql_condition"]) for level in levels)
    columns = sorted(set(re.findall(r"\b(\w+)_l\b", text)))
    fields = sorted({candidates.field_of[column] for column in columns})
    n = sum(not level.get("is_null_level") for level in levels)
    numbers = iter(range(n - 1, -1, -1))
    cases = []
    for level in levels:
        number = -1 if level.get("is_null_level") else next(numbers)
        condition = level["sql_condition"]
        cases.append(f"else {number}" if condition == "ELSE" else f"when {condition} then {number}")
    return (
        f"case {' '.join(cases)} end",
        fields,
        [[column for column in columns if candidates.field_of[column] == field] for field in fields],
    )


def _compared(
    con: duckdb.DuckDBPyConnection,
    candidates: Candidates,
    sql: str,
    columns: dict[str, list[str]],
    sides: list[list[Codes]],
) -> Levels:
    """The levels of some pairs, by the numbers of what both sides say of each field."""
    frames = [candidates.features[field].select(its) for field, its in columns.items()]
    if len(frames) > 1:
        return _evaluated(con, sql, frames, sides)
    (left,), (right,) = sides
    n_values = len(frames[0])
    level = np.full(len(left), -1, dtype=np.int8)
    told = (left >= 0) & (right >= 0)
    same = np.flatnonzero(told & (left == right))
    met = np.unique(left[same])
    of_same = np.empty(n_values, dtype=np.int8)
    of_same[met] = _evaluated(con, sql, frames, [[met], [met]])
    level[same] = of_same[left[same]]
    other = np.flatnonzero(told & (left != right))
    a, b = left[other], right[other]
    if n_values * n_values <= len(other):
        # Few values, that meet again and again.
        packed, which = np.unique(a.astype(np.int64) * n_values + b, return_inverse=True)
        a, b = packed // n_values, packed % n_values
        level[other] = _evaluated(con, sql, frames, [[a], [b]])[which]
    else:
        level[other] = _evaluated(con, sql, frames, [[a], [b]])
    return level


def _evaluated(
    con: duckdb.DuckDBPyConnection, sql: str, frames: list[pl.DataFrame], sides: list[list[NDArray[Any]]]
) -> Levels:
    """The level of each pair: the values of both sides are laid beside each other, and SQL looks at them."""
    laid = []
    for codes, side in zip(sides, "lr", strict=True):
        for frame, code in zip(frames, codes, strict=True):
            at = pl.Series(code).to_frame("at").select(pl.when(pl.col("at") >= 0).then(pl.col("at"))).to_series()
            laid.append(frame.select(pl.all().gather(at).name.suffix(f"_{side}")))
    beside = pl.concat(laid, how="horizontal").with_row_index("pair")
    con.register("laid", beside.to_arrow(compat_level=pl.CompatLevel.newest()))
    found = con.sql(f"select pair, ({sql})::tinyint as level from laid").fetchnumpy()
    con.unregister("laid")
    level = np.empty(len(beside), dtype=np.int8)
    level[found["pair"]] = found["level"]  # in whatever order the threads were done
    return level
