"""People whom a running campaign holds out: they stay out of every other list, or nobody could tell what it brought.

A campaign is running for its holdout from the list that held them out until its last day, and in any case for as many
days as the policy says, which is how long its orders are counted. Its own lists deal with its holdout themselves.
"""

import datetime as dt
from collections.abc import Collection
from pathlib import Path
from typing import Final

import duckdb
import sqlglot
from sqlglot import exp

from common.errors import DefinitionError, UsageError
from segments.campaigns.assignment import ASSIGNMENT
from segments.campaigns.plan import CAMPAIGNS, Plan, load_plan
from segments.exporting.register import confirmed_campaigns
from segments.published import Published
from segments.reaching.policy import CampaignHoldouts
from segments.rules.comparisons import literal
from segments.saying import say

_HELD: Final = """
    SELECT coalesce(alias.merged_into, assigned.one_id) AS one_id
    FROM read_parquet({path}) AS assigned
    LEFT JOIN identity.one_id AS alias ON assigned.one_id = alias.one_id
    WHERE assigned.is_holdout {since}
"""


def held_out(published: Published, rule: CampaignHoldouts, day: dt.date, *, but: str | None = None) -> list[exp.Query]:
    """Queries of the people whom campaigns hold out on a day.

    Args:
        published: the open run.
        rule: of the policy.
        day: on which a list may be sent.
        but: the code of the campaign that the list belongs to.

    Raises:
        UsageError: who is held out by a campaign cannot be read, so that no list can leave them out.
    """
    if not rule.keep_out:
        return []
    home = published.home.path
    plans, has_faults = _plans(home)
    found: list[exp.Query] = []
    for code in _assigned_codes(home, plans.values(), published.home.exports):
        if but is not None and code.lower() == but.lower():
            continue
        plan = plans.get(code.lower())
        # A plan that cannot be read may be this one's, and may run until any day.
        is_running = plan.ends_on >= day if plan is not None else has_faults
        path = home / CAMPAIGNS / code / ASSIGNMENT
        _check(published.con, path)
        since = "" if is_running else f"AND assigned.assigned_at >= {_sql(_cut(published, rule, day))}"
        found.append(_parsed(_HELD.format(path=_sql(str(path)), since=since)))
    return found


def _plans(home: Path) -> tuple[dict[str, Plan], bool]:
    """The plans by their code, and whether one of the files cannot be read."""
    found: dict[str, Plan] = {}
    has_faults = False
    for path in sorted((home / CAMPAIGNS).glob("*.yml")):
        try:
            plan = load_plan(path)
        except (DefinitionError, OSError):
            has_faults = True
        else:
            found[plan.code.lower()] = plan
    return found, has_faults


def _assigned_codes(home: Path, plans: Collection[Plan], exports: Path) -> list[str]:
    """Campaigns that have assigned people; among them those whose assignment should be there and is not."""
    codes = {path.parent.name for path in (home / CAMPAIGNS).glob(f"*/{ASSIGNMENT}")}
    missing = [plan.code for plan in plans if plan.code not in codes]
    if missing:
        codes |= confirmed_campaigns(exports) & set(missing)
    return sorted(codes)


def _check(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    try:
        con.execute(f"DESCRIBE SELECT one_id, is_holdout, assigned_at FROM read_parquet({_sql(str(path))})")
    except duckdb.Error as error:
        raise UsageError(say("assignment_unreadable", path=path)) from error


def _cut(published: Published, rule: CampaignHoldouts, day: dt.date) -> str:
    """The moment, UTC, from which on people who were held out still count on that day."""
    first = dt.datetime.combine(day - dt.timedelta(days=rule.days), dt.time(), published.calendar.time_zone)
    return first.astimezone(dt.UTC).replace(tzinfo=None).isoformat(sep=" ")


def _sql(value: str) -> str:
    return literal(value).sql(dialect="duckdb")


def _parsed(sql: str) -> exp.Query:
    found = sqlglot.parse_one(sql, dialect="duckdb")
    assert isinstance(found, exp.Query)
    return found
