"""How many people an audience describes, and how many of them may be reached: counts, never people.

The figures come from the published tables alone; what the vault adds (a contact point that is itself consented to)
shows when the list is exported.
"""

from dataclasses import dataclass
from typing import Final

import duckdb
from sqlglot import exp

from segments.reaching.doubt import doubtful
from segments.rules.comparisons import literal
from segments.rules.compile import CONSENT_STATE, GRANTED, Compiled, to_sql

NO_CONSENT: Final = "no_consent_recorded"
REVOKED: Final = "consent_revoked"
IN_DOUBT: Final = "identity_in_doubt"


@dataclass(frozen=True)
class Reach:
    """Sizes of an audience, in people.

    Attributes:
        matching: all that the rule describes.
        reachable: those of them that a list may hold; all of them when the audience has no channel.
        unreachable: the others, by reason.
    """

    matching: int
    reachable: int
    unreachable: dict[str, int]


def measure(con: duckdb.DuckDBPyConnection, compiled: Compiled) -> Reach:
    """Counts an audience on a published warehouse."""
    rows = con.sql(to_sql(_counts(compiled))).fetchall()
    matching, reachable, unrecorded, in_doubt = rows[0]
    if compiled.definition.channel is None:
        return Reach(matching=matching, reachable=matching, unreachable={})
    revoked = matching - reachable - unrecorded - in_doubt
    return Reach(matching, reachable, {NO_CONSENT: unrecorded, REVOKED: revoked, IN_DOUBT: in_doubt})


def _counts(compiled: Compiled) -> exp.Select:
    definition = compiled.definition
    everybody = exp.Count(this=exp.Star())
    if definition.channel is None:
        counts = exp.select(everybody, exp.Null(), exp.Null(), exp.Null()).from_("matching")
        return counts.with_("matching", as_=compiled.matching)
    granted = exp.column("is_granted", table="recorded")
    unrecorded = exp.Is(this=granted.copy(), expression=exp.Null())
    recorded = (
        exp.select("one_id", exp.Anonymous(this="BOOL_AND", expressions=[_is_granted()]).as_("is_granted"))
        .from_(CONSENT_STATE)
        .where(
            exp.EQ(this=exp.column("channel"), expression=literal(definition.channel)),
            exp.EQ(this=exp.column("purpose"), expression=literal(definition.purpose)),
        )
        .group_by("one_id")
    )
    held = exp.column("is_held", table="held")
    sure, in_doubt = exp.And(this=granted.copy(), expression=exp.Is(this=held, expression=exp.Null())), held
    counts = exp.select(
        everybody, _count_where(sure), _count_where(unrecorded),
        _count_where(exp.And(this=granted.copy(), expression=in_doubt)),
    ).from_("matching")  # fmt: skip
    counts = counts.join("recorded", using="one_id", join_type="left").join("held", using="one_id", join_type="left")
    people = doubtful(definition.channel, definition.purpose, CONSENT_STATE).subquery("doubtful")
    flagged = exp.select("one_id", exp.true().as_("is_held")).from_(people)
    return counts.with_("matching", as_=compiled.matching).with_("recorded", as_=recorded).with_("held", as_=flagged)


def _is_granted() -> exp.Expr:
    return exp.NullSafeEQ(this=exp.column("state"), expression=literal(GRANTED))


def _count_where(condition: exp.Expr) -> exp.Expr:
    return exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=condition.copy()))
