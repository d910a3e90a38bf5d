"""What stands beside a new list: those that were made to be sent before it, and the campaigns that run beside it."""

import datetime as dt
from pathlib import Path
from typing import Final

import sqlglot
from sqlglot import exp

from segments.campaigns.assignment import ASSIGNMENT, campaign_folder
from segments.campaigns.plan import Plan, load_plans
from segments.exporting.destination import Destination
from segments.exporting.register import Entry, entries, members_path
from segments.published import Published
from segments.reaching.listing import Purpose, compile_list
from segments.reaching.policy import load_policy
from segments.reaching.pressure import Exported
from segments.rules.comparisons import literal
from segments.rules.definition import Channel
from segments.rules.library import find_audience
from segments.rules.load import Audience

_ASSIGNED: Final = """
    SELECT coalesce(alias.merged_into, assigned.one_id) AS one_id
    FROM read_parquet({path}) AS assigned
    LEFT JOIN identity.one_id AS alias ON assigned.one_id = alias.one_id
"""


def a_look(published: Published, audience: Audience, tool: Destination | None = None) -> Purpose:
    """What a preview compiles for: no day and no campaign, but what was sent already counts."""
    what = (audience.name, None, published.run_id)
    channel = (tool.channel if tool else None) or audience.definition.channel
    exported = sent_before(published, channel, but=what)
    return Purpose(channel=tool.channel if tool else None, purpose=tool.purpose if tool else None, exported=exported)


def sent_before(
    published: Published, channel: Channel | None, *, but: tuple[str, str | None, str] | None = None
) -> list[Exported]:
    """The lists of a channel that its cap may count; of one that was made again from a run, the last.

    Args:
        published: the open run.
        channel: of the list.
        but: audience, campaign and run of the list that is being made: one that is made again takes its own place.

    Raises:
        GuiyiError: who was in one of them is not known any more.
    """
    cap = next((cap for name, cap in load_policy(published.home.path).caps.items() if name == channel), None)
    if cap is None:
        return []
    exports, since = published.home.exports, published.calendar.as_of - dt.timedelta(days=cap.days)
    sent = [
        entry
        for entry in entries(exports)
        if entry.is_sending and entry.channel == channel and _day(published, entry.at) > since
    ]
    last = {_what(entry): entry for entry in sent if _what(entry) != but}
    return [Exported(members_path(exports, entry), _day(published, entry.at)) for entry in last.values()]


def _what(entry: Entry) -> tuple[str, str | None, str]:
    return entry.audience, entry.campaign, entry.run_id


def local_day(published: Published, at: dt.datetime) -> dt.date:
    """The day in the business zone on which a moment, UTC without zone, lies."""
    return _day(published, at)


def _day(published: Published, at: dt.datetime) -> dt.date:
    return at.replace(tzinfo=dt.UTC).astimezone(published.calendar.time_zone).date()


def people_of_other_campaigns(published: Published, plan: Plan) -> list[exp.Query]:
    """Who belongs to a campaign that runs on some same day: to one of higher rank, or to any that has been exported.

    Raises:
        DefinitionError: a plan or the audience of one is wrong.
    """
    home = published.home.path
    found: list[exp.Query] = []
    for other in load_plans(home).values():
        if other.code == plan.code or not plan.runs_beside(other):
            continue
        path = campaign_folder(home, other.code) / ASSIGNMENT
        if path.exists():
            found.append(_assigned(path))
        if other.rank < plan.rank:
            found.append(_first_choice(published, other))
    return found


def _assigned(path: Path) -> exp.Query:
    found = sqlglot.parse_one(_ASSIGNED.format(path=literal(str(path)).sql(dialect="duckdb")), dialect="duckdb")
    assert isinstance(found, exp.Query)
    return found


def _first_choice(published: Published, plan: Plan) -> exp.Query:
    """Everybody whom a campaign could write to, were it alone."""
    audience = find_audience(plan.audience, published.home.path)
    exported = sent_before(published, plan.channel or audience.definition.channel)
    what_for = Purpose(channel=plan.channel, exported=exported, campaign=plan.code)
    return compile_list(published, audience, plan.parameters, what_for=what_for).limited()
