"""A list's whole statement: the audience's rule, consent, doubt, and the brand's policy, compiled together.

What is made from an audience that may reach people goes through here: previews, counts, exports.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from common.errors import UsageError
from segments.published import Published
from segments.reaching.gates import Gate
from segments.reaching.holdouts import held_out
from segments.reaching.policy import Policy, load_policy
from segments.reaching.pressure import Exported, Use, policy_gates
from segments.rules.compile import Compiled, compile_for
from segments.rules.definition import Channel
from segments.rules.library import find_audience
from segments.rules.load import Audience
from segments.saying import say


@dataclass(frozen=True)
class Purpose:
    """What a list is made for, as far as it is more than a look.

    Attributes:
        channel: in place of the audience's own; None leaves it.
        purpose: what people must have agreed to.
        day: on which it is sent; None for a look, which no day is too quiet for.
        exported: earlier lists of the channel that count towards the cap.
        campaign: the code of the campaign that it belongs to.
        other_campaigns: queries of people who belong to another campaign.
        is_personalised: None is as the audience says.
    """

    channel: Channel | None = None
    purpose: str | None = None
    day: dt.date | None = None
    exported: Sequence[Exported] = ()
    campaign: str | None = None
    other_campaigns: Sequence[exp.Query] = ()
    is_personalised: bool | None = None


def compile_list(
    published: Published,
    audience: Audience,
    parameters: Mapping[str, Any] | None = None,
    *,
    what_for: Purpose | None = None,
) -> Compiled:
    """Compiles an audience with everything that keeps people out of its list.

    Args:
        published: the open run.
        audience: the audience.
        parameters: values that replace its defaults.
        what_for: what the list is made for; None for a look.

    Raises:
        DefinitionError: the audience or the policy is wrong, or does not fit the published tables.
        UsageError: a parameter is wrong, a table that the policy asks is missing, or the audience may not be reached.
    """
    what_for = what_for or Purpose()
    audience = through(audience, what_for.channel)
    policy = load_policy(published.home.path)
    definition = audience.definition
    purpose = policy.purpose(what_for.purpose or definition.purpose)
    gates: tuple[Gate, ...] = ()
    if definition.channel is not None:
        is_personalised = definition.variant == "personalised"
        if what_for.is_personalised is not None:
            is_personalised = is_personalised and what_for.is_personalised
        day = what_for.day or published.calendar.as_of
        use = Use(
            channel=definition.channel,
            day=day,
            is_dated=what_for.day is not None,
            is_personalised=is_personalised,
            exported=what_for.exported,
            excluded=_excluded(published, policy),
            held_out=held_out(published, policy.campaign_holdouts, day, but=what_for.campaign),
            other_campaigns=what_for.other_campaigns,
        )
        gates = policy_gates(published.con, policy, use)
    return compile_for(published, audience, parameters, gates=gates, purpose=purpose)


def through(audience: Audience, channel: Channel | None) -> Audience:
    """The audience for another channel than its own.

    Raises:
        UsageError: it is for counts and analysis only.
    """
    if channel is None or audience.definition.channel == channel:
        return audience
    if audience.definition.channel is None:
        raise UsageError(say("counts_alone", name=audience.name))
    raw = {**audience.raw, "channel": channel}
    return replace(audience, raw=raw, definition=audience.definition.model_copy(update={"channel": channel}))


def _excluded(published: Published, policy: Policy) -> list[exp.Query]:
    """The people of each audience that the policy excludes, reachable or not."""
    found = (find_audience(name, published.home.path) for name in policy.exclude.audiences)
    return [compile_for(published, audience).matching for audience in found]
