"""Doubt: people who stay out of lists until somebody has answered a question of the review queue about them.

Which questions there are is decided by identity (`identity.review_item`); what they mean for a list is decided here.
"""

from typing import Final

from sqlglot import exp

from segments.rules.comparisons import literal
from segments.rules.dictionary import REVIEW_ITEM

COLUMNS: Final = ("one_id_a", "one_id_b", "kind", "holds_export")
_GRANTED: Final = "granted"
_PAIR: Final = "pair"


def doubtful(channel: str, purpose: str, consent_state: str) -> exp.Union:
    """The people in doubt, as a query that gives one_id.

    Somebody who may well be two people could get what is meant for the other. Somebody who may be one with a person who
    has opted out of the channel could be the very one who opted out.
    """
    held = exp.select(exp.column("one_id_a").as_("one_id")).from_(REVIEW_ITEM).where(exp.column("holds_export"))
    return exp.union(
        exp.union(held, _beside_a_refusal("one_id_a", "one_id_b", channel, purpose, consent_state), distinct=True),
        _beside_a_refusal("one_id_b", "one_id_a", channel, purpose, consent_state),
        distinct=True,
    )


def _beside_a_refusal(mine: str, other: str, channel: str, purpose: str, consent_state: str) -> exp.Select:
    refused = (
        exp.select("one_id")
        .from_(consent_state)
        .where(
            exp.EQ(this=exp.column("channel"), expression=literal(channel)),
            exp.EQ(this=exp.column("purpose"), expression=literal(purpose)),
            exp.NullSafeNEQ(this=exp.column("state"), expression=literal(_GRANTED)),
        )
    )
    return (
        exp.select(exp.column(mine).as_("one_id"))
        .from_(REVIEW_ITEM)
        .where(
            exp.EQ(this=exp.column("kind"), expression=literal(_PAIR)),
            exp.In(this=exp.column(other), query=refused.subquery(copy=False)),
        )
    )
