"""Why somebody may be reached, or may not: one person, one channel, and the consent that it rests on.

Numbers and addresses are masked; records are named, so that the file behind a statement can be found.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl
from sqlglot import exp

from common.errors import UsageError
from common.masks import mask
from segments.published import Published
from segments.reaching.contacts import choose_contacts, points_of
from segments.reaching.evidence import LEGAL_BASIS, statements
from segments.reaching.holdouts import held_out
from segments.reaching.policy import load_policy
from segments.reaching.pressure import Exported, Use, policy_gates
from segments.reaching.reach import judge
from segments.rules.comparisons import literal
from segments.rules.compile import to_sql
from segments.rules.dictionary import PERSON
from segments.saying import say

MERGED: Final = "SELECT merged_into FROM identity.one_id WHERE one_id = ? AND merged_into IS NOT NULL"


@dataclass(frozen=True)
class Why:
    """What is known of one person and one channel.

    Attributes:
        one_id: the person, the survivor where the OneID asked for was merged.
        reason: what keeps the person out of lists; None when nothing does.
        legal_basis: what sending would rest on; None when it may not be done.
        statements: one row a statement: point (masked), state, stated_at, basis, source, account, record_type,
            file_id, row_no, record_id, is_own_word.
    """

    one_id: str
    channel: str
    purpose: str
    reason: str | None
    legal_basis: str | None
    statements: pl.DataFrame


def why(
    published: Published,
    one_id: str,
    *,
    channel: str,
    purpose: str = "marketing",
    exported: Sequence[Exported] = (),
) -> Why:
    """Why a person may or may not be on a list of a channel today, whatever the audience.

    Args:
        published: the open run.
        one_id: the person; one that was merged away stands for its survivor.
        channel: of the list.
        purpose: that consent is asked for.
        exported: earlier lists of the channel that count towards the cap.

    Raises:
        UsageError: nobody has this OneID, or the vault of this run is not there.
    """
    merged = published.con.execute(MERGED, [one_id]).fetchall()
    one_id = merged[0][0] if merged else one_id
    policy = load_policy(published.home.path)
    purpose = policy.purpose(purpose)
    day = published.calendar.as_of
    held = held_out(published, policy.campaign_holdouts, day)
    use = Use(channel=channel, day=day, is_dated=False, exported=exported, held_out=held)
    gates = policy_gates(published.con, policy, use)
    this = exp.EQ(this=exp.column("one_id"), expression=literal(one_id))
    person = exp.select("one_id").from_(PERSON).where(this)
    judged: list[Any] = published.con.sql(to_sql(judge(person, channel, purpose, gates))).fetchall()
    if not judged:
        raise UsageError(say("nobody_of_id", one_id=one_id, run=published.run_id))
    reason = judged[0][1]
    people = pl.DataFrame({"one_id": [one_id]})
    if reason is None:
        dropped = choose_contacts(published, people, channel=channel, purpose=purpose).dropped
        reason = next((name for name, n in dropped.items() if n), None)
    points = points_of(published, people, channel).with_columns(
        point=pl.col("value").map_elements(mask, return_dtype=pl.String)
    )
    said = statements(
        published, points.select("one_id", "id_type", "id_scope", "value", "point"), channel=channel, purpose=purpose
    )
    return Why(one_id, channel, purpose, reason, LEGAL_BASIS if reason is None else None, said)
