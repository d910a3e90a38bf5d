"""How many people an audience describes, and how many of them may be reached: counts, never people.

The figures come from the published tables alone; what the vault adds (a contact point that is itself consented to)
shows when the list is exported.
"""

from collections.abc import Sequence
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
    Gate,
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
    channel = compiled.definition.channel
    if channel is None:
        everybody = exp.select(exp.Count(this=exp.Star())).from_("matching").with_("matching", as_=compiled.matching)
        matching = con.sql(to_sql(everybody)).fetchall()[0][0]
        return Reach(matching=matching, reachable=matching, unreachable={})
    judged = judge(compiled.matching, channel, compiled.purpose, compiled.gates)
    counts = (
        exp.select("reason", exp.Count(this=exp.Star()).as_("n")).from_(judged.subquery("judged")).group_by("reason")
    )
    counted = dict(con.sql(to_sql(counts)).fetchall())
    matching = sum(counted.values())
    reachable = counted.pop(None, 0)
    reasons = [*_ALWAYS, *(gate.reason for gate in compiled.gates)]
    unreachable = {reason: counted.get(reason, 0) for reason in reasons if reason in _ALWAYS or reason in counted}
    return Reach(matching, reachable, unreachable)


def judge(matching: exp.Query, channel: str, purpose: str, gates: Sequence[Gate]) -> exp.Select:
    """Each of some people with the one reason that keeps them out of a list, null for none.

    Args:
        matching: a query that gives one_id.
        channel: of the list.
        purpose: of the list.
        gates: what keeps people out beside consent and doubt.

    Returns:
        a query that gives one_id and reason.
    """
    granted = exp.column("is_granted", table="recorded")
    reason = exp.Case()
    reason.when(exp.Is(this=granted.copy(), expression=exp.Null()), literal(NO_CONSENT), copy=False)
    reason.when(exp.not_(granted), literal(REVOKED), copy=False)
    reason.when(_among("doubtful"), literal(IN_DOUBT), copy=False)
    for gate in gates:
        reason.when(exp.true() if gate.people is None else _among(gate.reason), literal(gate.reason), copy=False)
    recorded = (
        exp.select("one_id", exp.Anonymous(this="BOOL_AND", expressions=[is_granted()]).as_("is_granted"))
        .from_(CONSENT_STATE)
        .where(*said_for(channel, purpose))
        .group_by("one_id")
    )
    judged = exp.select("one_id", reason.as_("reason", copy=False)).from_("matching", copy=False)
    judged.join("recorded", using="one_id", join_type="left", copy=False)
    judged.with_("matching", as_=matching.copy(), copy=False).with_("recorded", as_=recorded, copy=False)
    judged.with_("doubtful", as_=doubtful(channel, purpose, CONSENT_STATE), copy=False)
    for gate in gates:
        if gate.people is not None:
            judged.with_(gate.reason, as_=gate.people.copy(), copy=False)
    return judged


def _among(cte: str) -> exp.Expr:
    people = exp.select("one_id").from_(cte).subquery(copy=False)
    return exp.In(this=exp.column("one_id", table="matching"), query=people)
