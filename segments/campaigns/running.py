"""A campaign as its people handle it: sized before it is exported, exported, and reported on.

What the figures of a report mean is written where they are made, in the models `marts.campaign_*`.
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from common.errors import UsageError
from segments.campaigns.assignment import aliases
from segments.campaigns.enrol import draw
from segments.campaigns.plan import Plan, find_plan
from segments.exporting.export import export_audience
from segments.exporting.outcome import ExportReport
from segments.exporting.standing import people_of_other_campaigns, sent_before
from segments.published import open_published
from segments.reaching.listing import Purpose, compile_list
from segments.reaching.policy import load_policy
from segments.reaching.reach import Reach, measure
from segments.rules.compile import to_sql
from segments.rules.library import find_audience

_MARTS: Final = ("campaign_arm", "campaign_effect")
_ARMS: Final = """
    SELECT arm, is_holdout, channel, n_people, n_sent, n_delivered, n_clicked, n_converted, n_orders, n_returned_orders,
        net_amount_cny, cost_cny
    FROM marts.campaign_arm WHERE campaign_code = ? ORDER BY is_holdout, arm
"""
# What spans 0 is not shown: a number would be read as a finding.
_EFFECTS: Final = """
    SELECT arm, n_people, n_holdout,
        CASE WHEN conversion_verdict = 'shown' THEN conversion_uplift END AS conversion_uplift,
        conversion_uplift_low, conversion_uplift_high, conversion_verdict,
        CASE WHEN verdict = 'shown' THEN incremental_net_cny END AS incremental_net_cny,
        incremental_net_low_cny, incremental_net_high_cny, verdict, cost_cny,
        CASE WHEN verdict = 'shown' THEN roi END AS roi
    FROM marts.campaign_effect WHERE campaign_code = ? ORDER BY arm
"""


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
    with open_published(home) as published:
        what_for = Purpose(
            channel=plan.channel,
            exported=sent_before(
                published,
                plan.channel or audience.definition.channel,
                but=(audience.name, plan.code, published.run_id),
            ),
            other_campaigns=people_of_other_campaigns(published, plan),
        )
        compiled = compile_list(published, audience, plan.parameters, what_for=what_for)
        reach = measure(published.con, compiled)
        people = published.con.sql(to_sql(compiled.limited())).pl().select("one_id")
        drawn = draw(home, plan, people, salt=load_policy(home).salt, merged=aliases(published.con))
    return SizedCampaign(plan, reach, drawn.arms, drawn.notes)


def export_campaign(home: Path, name: str, *, at: dt.datetime, **asked: Any) -> ExportReport:
    """Exports a campaign's list; `asked` and errors as of `export_audience`."""
    plan = find_plan(home, name)
    return export_audience(home, find_audience(plan.audience, home), at=at, campaign=plan.name, **asked)


def campaign_report(home: Path, name: str) -> dict[str, pl.DataFrame]:
    """What the published run knows of a campaign.

    Args:
        home: the GUIYI_HOME folder.
        name: the plan's name or code.

    Returns:
        `arms`: people, messages, orders, returns, net revenue and cost by arm; `effects`: by arm the increment against
        the holdout with its interval, the estimate left out where the interval spans 0.

    Raises:
        UsageError: there is no such campaign, or nothing is published.
    """
    code = find_plan(home, name).code
    with open_published(home) as published:
        missing = [f"marts.{name}" for name in _MARTS if f"marts.{name}" not in published.dictionary.tables]
        if missing:
            raise UsageError(
                f"Run {published.run_id} has no {missing[0]}, by which campaigns are measured; run `guiyi run` again."
            )
        told = {"arms": _ARMS, "effects": _EFFECTS}
        return {what: published.con.sql(sql, params=[code]).pl() for what, sql in told.items()}
