"""Purposes beyond messages: a list for one that nobody has agreed to is empty, and says what to do about it."""

from typing import Final

from segments.published import Published
from segments.reaching.gates import CONSENT_STATE, GRANTED
from segments.reaching.policy import POLICY
from segments.saying import say

# What agreeing to messages is agreeing to.
MESSAGES: Final = "marketing"


def purpose_notes(published: Published, *, channel: str | None, purpose: str) -> list[str]:
    """What is to be known of a list's purpose: that nobody at all has agreed to it, and the ways out.

    Args:
        published: the open run.
        channel: of the list; None for counts alone.
        purpose: that consent is asked for, the policy applied.
    """
    if channel is None or purpose == MESSAGES:
        return []
    query = f"SELECT 1 FROM {CONSENT_STATE} WHERE channel = ? AND purpose = ? AND state = ? LIMIT 1"
    if published.con.execute(query, [channel, purpose, GRANTED]).fetchall():
        return []
    covered = f"covered_by: {{{purpose}: {MESSAGES}}}"
    where = published.home.path / POLICY
    return [say("nobody_agreed", purpose=purpose, channel=channel, covered=covered, policy=where)]
