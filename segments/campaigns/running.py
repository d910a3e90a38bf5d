"""A campaign as its people handle it: sized before it is exported, and exported."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from segments.campaigns.assignment import aliases
from segments.campaigns.enrol import draw
from segments.campaigns.plan import Plan, find_plan
from segments.exporting.destination import find_destination
from segments.exporting.export import export_audience
from segments.exporting.outcome import ExportReport
from segments.exporting.standing import people_of_other_campaigns, sent_before
from segments.published import open_published
from segments.reaching.listing import Purpose, compile_list
from segments.reaching.policy import load_policy
from segments.reaching.purposes import purpose_notes
from segments.reaching.reach import Reach, measure
from segments.rules.compile import to_sql
from segments.rules.library import find_audience


@dataclass(frozen=True)
class SizedCampaign:
    """A plan on the published run.

    Attributes:
        reach: sizes; what the vault adds shows when the list is exported.
        arms: reachable people by arm, the holdout among them.
    """

    plan: Plan
    reach: Reach
    arms: dict[str, int]
    notes: list[str]


def size_campaign(home: Path, name: str) -> SizedCampaign:
    """How many a campaign would reach, by arm; writes nothing.

    Raises:
        UsageError: there is no such campaign, or nothing is published.
        DefinitionError: the plan, its audience or the policy is wrong.
    """
    plan = find_plan(home, name)
    audience = find_audience(plan.audience, home)
    tool = find_destination(plan.destination, home) if plan.destination is not None else None
    channel = (tool.channel if tool else None) or plan.channel
    with open_published(home) as published:
        what_for = Purpose(
            channel=channel,
            purpose=tool.purpose if tool else None,
            exported=sent_before(
                published,
                channel or audience.definition.channel,
                but=(audience.name, plan.code, published.run_id),
            ),
            campaign=plan.code,
            other_campaigns=people_of_other_campaigns(published, plan),
        )
        compiled = compile_list(published, audience, plan.parameters, what_for=what_for)
        reach = measure(published.con, compiled)
        people = published.con.sql(to_sql(compiled.limited())).pl().select("one_id")
        drawn = draw(home, plan, people, salt=load_policy(home).salt, merged=aliases(published.con))
        notes = purpose_notes(published, channel=compiled.definition.channel, purpose=compiled.purpose)
    return SizedCampaign(plan, reach, drawn.arms, [*notes, *drawn.notes])


def export_campaign(home: Path, name: str, *, at: dt.datetime, **asked: Any) -> ExportReport:
    """Exports a campaign's list; `asked` and errors as of `export_audience`."""
    plan = find_plan(home, name)
    return export_audience(home, find_audience(plan.audience, home), at=at, campaign=plan.name, **asked)
