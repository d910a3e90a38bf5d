"""Pressure and fairness as gates: exclusions, cooling, caps, quiet days, the universal holdout, ranked campaigns.

Each gate is a query over the published tables (and, for what we exported ourselves, the register's files). A table
that is not there stops the list: what cannot be asked is not answered with yes.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import duckdb
import sqlglot
from sqlglot import exp

from common.errors import UsageError
from segments.campaigns.arms import UNIVERSAL, place_sql
from segments.reaching.gates import Gate
from segments.reaching.policy import Policy
from segments.rules.comparisons import literal
from segments.saying import say

EMPLOYEE: Final = "employee"
MINOR: Final = "minor"
BUSINESS: Final = "business_account"
EXCLUDED_AUDIENCE: Final = "excluded_audience"
EXCLUDED_TAG: Final = "excluded_tag"
PROFILING_REFUSED: Final = "profiling_refused"
COOLING_OFF: Final = "cooling_off"
UNIVERSAL_HOLDOUT: Final = "universal_holdout"
HELD_OUT: Final = "held_out_by_campaign"
OTHER_CAMPAIGN: Final = "other_campaign"
CAPPED: Final = "frequency_cap"
QUIET_DAY: Final = "quiet_day"

_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    EMPLOYEE: ("identity.relation",),
    BUSINESS: ("core.business_person",),
    CAPPED: ("core.events", "identity.one_id"),
    COOLING_OFF: ("core.events",),
    EXCLUDED_TAG: ("customer.tag",),
    HELD_OUT: ("identity.one_id",),
}


@dataclass(frozen=True)
class Exported:
    """A list that was made to be sent: the file of its members, and the day."""

    members: Path
    day: dt.date


@dataclass(frozen=True)
class Use:
    """What a list is for.

    Attributes:
        channel: that it goes through.
        day: on which it may be sent.
        is_dated: whether that day is known; a preview is of no day, so no day is too quiet for it.
        is_personalised: whether it holds more of people than how to reach them.
        exported: earlier lists that count towards the cap.
        excluded: queries of people whom the policy excludes by audience.
        held_out: queries of people whom running campaigns hold out, as `holdouts.held_out` gives them.
        other_campaigns: queries of people who belong to another campaign.
    """

    channel: str
    day: dt.date
    is_dated: bool = True
    is_personalised: bool = True
    exported: Sequence[Exported] = ()
    excluded: Sequence[exp.Query] = ()
    held_out: Sequence[exp.Query] = ()
    other_campaigns: Sequence[exp.Query] = field(default=())


def policy_gates(con: duckdb.DuckDBPyConnection, policy: Policy, use: Use) -> tuple[Gate, ...]:
    """The gates of a policy for one list, in the order in which people are counted.

    Raises:
        UsageError: a table that a gate asks is not published.
    """
    exclude, day = policy.exclude, use.day
    gates = [
        (exclude.employees, EMPLOYEE, _parsed("select one_id from identity.relation where relation = 'employee'")),
        (exclude.minors_under_years is not None, MINOR, _minors(day, exclude.minors_under_years or 0)),
        (exclude.business_accounts, BUSINESS, _parsed("select one_id from core.business_person")),
        (bool(use.excluded), EXCLUDED_AUDIENCE, _any_of(use.excluded)),
        (bool(exclude.tags), EXCLUDED_TAG, _tagged(exclude.tags)),
        (use.is_personalised, PROFILING_REFUSED, _refused_profiling()),
        (bool(policy.cooling), COOLING_OFF, _cooling(policy, day)),
        (policy.universal_holdout.share > 0, UNIVERSAL_HOLDOUT, _universal(policy)),
        (bool(use.held_out), HELD_OUT, _any_of(use.held_out)),
        (bool(use.other_campaigns), OTHER_CAMPAIGN, _any_of(use.other_campaigns)),
        (use.channel in policy.caps, CAPPED, _capped(policy, use)),
    ]
    found = [Gate(reason, _known(people)) for is_on, reason, people in gates if is_on and people is not None]
    _refuse_missing(con, [gate.reason for gate in found])
    quiet = {str(channel): one for channel, one in policy.quiet.items()}.get(use.channel)
    if use.is_dated and quiet is not None and quiet.holds(day):
        found.append(Gate(QUIET_DAY, None))
    return tuple(found)


def _refuse_missing(con: duckdb.DuckDBPyConnection, reasons: Sequence[str]) -> None:
    rows = con.execute("SELECT table_schema || '.' || table_name FROM information_schema.tables").fetchall()
    there = {name for (name,) in rows}
    for reason in reasons:
        for table in _NEEDS.get(reason, ()):
            if table not in there:
                raise UsageError(say("policy_needs", table=table, reason=reason))


def _parsed(sql: str) -> exp.Query:
    found = sqlglot.parse_one(sql, dialect="duckdb")
    assert isinstance(found, exp.Query)
    return found


def _sql(value: str | int | dt.date) -> str:
    return literal(value).sql(dialect="duckdb")


def _known(people: exp.Query) -> exp.Query:
    """Without nulls: NOT IN a list with a null is true of nobody."""
    one_id = exp.column("one_id")
    is_null = exp.Is(this=one_id.copy(), expression=exp.Null())
    return exp.select(one_id).from_(people.subquery("people")).where(exp.not_(is_null))


def _minors(day: dt.date, years: int) -> exp.Query:
    """Who was born in the year that is that long ago may not have had the birthday yet."""
    return _parsed(f"select one_id from customer.customer_360 where birth_year >= {_sql(day.year - years)}")


def _tagged(tags: Sequence[str]) -> exp.Query:
    return _parsed(f"select one_id from customer.tag where tag in ({', '.join(map(_sql, tags)) or 'null'})")


def _refused_profiling() -> exp.Query:
    return _parsed(
        "select one_id from customer.consent_state where purpose = 'profiling' and state is distinct from 'granted'"
    )


def _any_of(queries: Sequence[exp.Query]) -> exp.Query | None:
    parts = [exp.select("one_id").from_(query.subquery("one")) for query in queries]
    if len(parts) < 2:
        return parts[0] if parts else None
    return exp.union(*parts, distinct=True)


def _cooling(policy: Policy, day: dt.date) -> exp.Query | None:
    terms = []
    for one in policy.cooling:
        since = day - dt.timedelta(days=one.days)
        wanted = [f"event_date > {_sql(since)}", _among("type", one.type)]
        terms.append(" and ".join([*wanted, *([_among("subtype", one.subtype)] if one.subtype else [])]))
    return _parsed(f"select one_id from core.events where ({') or ('.join(terms)})") if terms else None


def _among(column: str, wanted: str | list[str]) -> str:
    return f"{column} in ({', '.join(_sql(one) for one in ([wanted] if isinstance(wanted, str) else wanted))})"


def _universal(policy: Policy) -> exp.Query:
    place = place_sql(policy.salt, UNIVERSAL, exp.column("one_id"))
    held = exp.LT(this=place, expression=literal(float(policy.universal_holdout.share)))
    return exp.select("one_id").from_("customer.customer_360").where(held)


def _capped(policy: Policy, use: Use) -> exp.Query | None:
    """People who had as many messages as they may have.

    A list of ours and the message that came of it are one: of our lists those count on top that no message sent to the
    person on or after the first of them can account for.
    """
    cap = {str(channel): one for channel, one in policy.caps.items()}.get(use.channel)
    if cap is None:
        return None
    since = use.day - dt.timedelta(days=cap.days)
    return _parsed(
        f"""
        with message as (
            select one_id, event_date from core.events
            where type = 'message_sent' and channel = {_sql(use.channel)} and event_date > {_sql(since)}
        ),
        listed as ({_listed([one for one in use.exported if one.day > since])}),
        own as (
            select coalesce(alias.merged_into, listed.one_id) as one_id, count(*) as n, min(listed.day) as first_day
            from listed left join identity.one_id as alias on listed.one_id = alias.one_id
            group by 1
        ),
        told as (
            select message.one_id, count(*) as n, count_if(message.event_date >= own.first_day) as n_after
            from message left join own on message.one_id = own.one_id
            group by 1
        )
        select coalesce(told.one_id, own.one_id) as one_id
        from told full join own on told.one_id = own.one_id
        where coalesce(told.n, 0) + greatest(coalesce(own.n, 0) - coalesce(told.n_after, 0), 0) >= {_sql(cap.messages)}
        """
    )


def _listed(lists: Sequence[Exported]) -> str:
    parts = [
        f"select one_id, {_sql(one.day)} as day from read_parquet({_sql(str(one.members))}) "
        "where arm is distinct from 'holdout'"
        for one in lists
    ]
    return " union all ".join(parts) or "select cast(null as varchar) as one_id, cast(null as date) as day where false"
