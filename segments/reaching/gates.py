"""Gates: who may be in a list at all, as CTEs of the compiled statement; each keeps people out for one reason.

The first two are always there and cannot be taken away: consent for channel and purpose, and no open doubt who the
person is. The others are the brand's policy (`segments.reaching.policy`). People whom several keep out are counted
with the first, in the order of the gates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from segments.reaching.doubt import doubtful
from segments.rules.comparisons import literal

CONSENT_STATE: Final = "customer.consent_state"
GRANTED: Final = "granted"
NO_CONSENT: Final = "no_consent_recorded"
REVOKED: Final = "consent_revoked"
IN_DOUBT: Final = "identity_in_doubt"


@dataclass(frozen=True)
class Gate:
    """People who are kept out for one reason.

    Attributes:
        reason: as the preview and the manifest tell it; also the name of the CTE.
        people: a query that gives their one_id; None keeps everybody out.
    """

    reason: str
    people: exp.Query | None


def consented(channel: str, purpose: str) -> exp.Select:
    """The people who may be reached: consent recorded for channel and purpose, and granted in every row of it."""
    granted = exp.Anonymous(this="BOOL_AND", expressions=[is_granted()])
    return (
        exp.select("one_id").from_(CONSENT_STATE).where(*said_for(channel, purpose)).group_by("one_id").having(granted)
    )


def said_for(channel: str, purpose: str) -> list[exp.Expr]:
    """Which rows of the consent table speak of a channel and purpose."""
    return [
        exp.EQ(this=exp.column("channel"), expression=literal(channel)),
        exp.EQ(this=exp.column("purpose"), expression=literal(purpose)),
    ]


def is_granted() -> exp.Expr:
    """Whether a row of the consent table grants."""
    return exp.NullSafeEQ(this=exp.column("state"), expression=literal(GRANTED))


def people_reachable(channel: str, purpose: str) -> exp.Select:
    """Everybody with consent and without open doubt, whatever the audience."""
    one_id = exp.column("one_id")
    return pass_gates(exp.select("one_id").from_("consented"), one_id, channel, purpose, ())


def pass_gates(people: exp.Select, one_id: exp.Expr, channel: str, purpose: str, gates: Sequence[Gate]) -> exp.Select:
    """A statement held to consent, to the absence of doubt and to further gates.

    Args:
        people: the statement.
        one_id: the expression in it that names the person.
        channel: of the list.
        purpose: of the list.
        gates: what else keeps people out.
    """
    people = people.copy()  # once: the builders below would copy the whole statement at every step
    people.with_("consented", as_=consented(channel, purpose), copy=False)
    people.with_("doubtful", as_=doubtful(channel, purpose, CONSENT_STATE), copy=False)
    terms = [_among(one_id, "consented"), exp.not_(_among(one_id, "doubtful"), copy=False)]
    for gate in gates:
        if gate.people is None:
            terms.append(exp.false())
        else:
            people.with_(gate.reason, as_=gate.people.copy(), copy=False)
            terms.append(exp.not_(_among(one_id, gate.reason), copy=False))
    return people.where(*terms, copy=False)


def _among(one_id: exp.Expr, cte: str) -> exp.Expr:
    return exp.In(this=one_id.copy(), query=exp.select("one_id").from_(cte).subquery(copy=False))
