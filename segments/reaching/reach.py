"""How many people an audience describes, and how many of them may be reached: counts, never people.

The figures come from the published tables alone; what the vault adds (a contact point that is itself consented to)
shows when the list is exported.
"""

from dataclasses import dataclass
from typing import Final

import duckdb
from sqlglot import exp

from segments.reaching.doubt import doubtful
from segments.reaching.gates import (
    CONSENT_STATE,
    IN_DOUBT,
    NO_CONSENT,
    REVOKED,
    is_granted,
    said_for,
)
from segments.rules.comparisons import literal
from segments.rules.compile import Compiled, to_sql

_ALWAYS: Final = (NO_CONSENT, REVOKED, IN_DOUBT)


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
    counted = dict(con.sql(to_sql(_counts(compiled))).fetchall())
    matching = sum(counted.values())
    reachable = counted.pop(None, 0)
    if compiled.definition.channel is None:
        return Reach(matching=matching, reachable=matching, unreachable={})
    reasons = [*_ALWAYS, *(gate.reason for gate in compiled.gates)]
    unreachable = {reason: counted.get(reason, 0) for reason in reasons if reason in _ALWAYS or reason in counted}
    return Reach(matching, reachable, unreachable)


def _counts(compiled: Compiled) -> exp.Select:
    """People by the one reason that keeps them out; null for those that none does."""
    definition = compiled.definition
    if definition.channel is None:
        everybody = exp.select(exp.Null().as_("reason"), exp.Count(this=exp.Star()).as_("n")).from_("matching")
        return everybody.with_("matching", as_=compiled.matching)
    granted = exp.column("is_granted", table="recorded")
    reason = exp.Case()
    reason = reason.when(exp.Is(this=granted.copy(), expression=exp.Null()), literal(NO_CONSENT))
    reason = reason.when(exp.not_(granted), literal(REVOKED))
    reason = reason.when(_among("doubtful"), literal(IN_DOUBT))
    for gate in compiled.gates:
        reason = reason.when(exp.true() if gate.people is None else _among(gate.reason), literal(gate.reason))
    recorded = (
        exp.select("one_id", exp.Anonymous(this="BOOL_AND", expressions=[is_granted()]).as_("is_granted"))
        .from_(CONSENT_STATE)
        .where(*said_for(definition.channel, compiled.purpose))
        .group_by("one_id")
    )
    judged = exp.select(reason.as_("reason")).from_("matching").join("recorded", using="one_id", join_type="left")
    counts = exp.select("reason", exp.Count(this=exp.Star()).as_("n")).from_("judged").group_by("reason")
    counts = counts.with_("matching", as_=compiled.matching).with_("recorded", as_=recorded)
    counts = counts.with_("doubtful", as_=doubtful(definition.channel, compiled.purpose, CONSENT_STATE))
    for gate in compiled.gates:
        if gate.people is not None:
            counts = counts.with_(gate.reason, as_=gate.people.copy())
    return counts.with_("judged", as_=judged)


def _among(cte: str) -> exp.Expr:
    people = exp.select("one_id").from_(cte).subquery(copy=False)
    return exp.In(this=exp.column("one_id", table="matching"), query=people)
