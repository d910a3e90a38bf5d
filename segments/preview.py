"""What a marketer sees before exporting: sizes, a few masked people, the SQL, and how audiences overlap.

Nothing here leaves the machine in the clear: personal values are masked before they are given back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl
from sqlglot import exp

from common.masks import mask
from segments.exporting.destination import Destination
from segments.exporting.rows import collect
from segments.exporting.standing import a_look
from segments.published import Published
from segments.reaching.listing import compile_list
from segments.reaching.purposes import purpose_notes
from segments.reaching.reach import Reach, measure
from segments.rules.compile import Compiled, to_sql
from segments.rules.hints import unseen_values
from segments.rules.load import Audience

PEOPLE: Final = 20


@dataclass(frozen=True)
class Preview:
    """An audience on the published run.

    Attributes:
        compiled: its SQL and definition.
        reach: its sizes.
        people: the first rows of the list; contact points and personal fields masked.
        notes: what may be a slip in the audience.
    """

    compiled: Compiled
    reach: Reach
    people: pl.DataFrame
    notes: list[str]


@dataclass(frozen=True)
class Overlap:
    """How many people audiences have in common.

    Attributes:
        names: the audiences.
        matrix: people in both; the diagonal holds the sizes.
    """

    names: list[str]
    matrix: list[list[int]]


def preview(
    published: Published,
    audience: Audience,
    *,
    parameters: Mapping[str, Any] | None = None,
    people: int = PEOPLE,
    has_notes: bool = True,
    destination: Destination | None = None,
) -> Preview:
    """Sizes and a look at an audience.

    Args:
        published: the open run.
        audience: the audience.
        parameters: values that replace its defaults.
        people: how many masked people to show; 0 leaves the vault closed.
        has_notes: whether to look for slips, which reads the tables once more; not for counts that follow typing.
        destination: the tool that the list would be for, whose channel and purpose then count.

    Raises:
        UsageError: a parameter is wrong, or people are asked for and the run has no vault.
        DefinitionError: the audience does not fit the published tables.
    """
    compiled = compile_list(published, audience, parameters, what_for=a_look(published, audience, destination))
    rows = collect(published, compiled, at_most=people)[0] if people else pl.DataFrame()
    notes = purpose_notes(published, channel=compiled.definition.channel, purpose=compiled.purpose)
    return Preview(
        compiled=compiled,
        reach=measure(published.con, compiled),
        people=_masked(rows),
        notes=[*notes, *(unseen_values(published.con, compiled) if has_notes else [])],
    )


def overlap(published: Published, audiences: Sequence[Audience], *, reachable: bool = True) -> Overlap:
    """Counts the people that each two of some audiences have in common.

    Args:
        published: the open run.
        audiences: the audiences; they need not be saved.
        reachable: count people in the lists, consent applied and limits not; else all whom the rules describe.

    Raises:
        DefinitionError: an audience does not fit the published tables.
    """
    names = [audience.name for audience in audiences]
    matrix = [[0] * len(names) for _ in names]
    if names:
        compiled = [compile_list(published, one, what_for=a_look(published, one)) for one in audiences]
        lists = [one.people if reachable else one.matching for one in compiled]
        for i, j, n in published.con.sql(to_sql(_pairs(lists))).fetchall():
            matrix[i][j] = n
    return Overlap(names, matrix)


def _pairs(lists: Sequence[exp.Select]) -> exp.Select:
    parts = [
        exp.select(exp.Literal.number(i).as_("audience"), "one_id").from_(one.subquery("listed"))
        for i, one in enumerate(lists)
    ]
    members = parts[0] if len(parts) == 1 else exp.union(*parts, distinct=False)
    return (
        exp.select("a.audience", "b.audience", exp.Count(this=exp.Star()))
        .from_("members AS a")
        .join("members AS b", using="one_id")
        .group_by("a.audience", "b.audience")
        .with_("members", as_=members)
    )


def _masked(rows: pl.DataFrame) -> pl.DataFrame:
    private = [name for name in rows.columns if name == "contact.value" or name.startswith("personal.")]
    return rows.with_columns(pl.col(name).map_elements(mask, return_dtype=pl.String) for name in private)
