"""What there is to know of an audience beside its size: the reach of every channel, how it changed, its tags.

Counts only; no row of a person leaves. Each part is worked out by itself, so that a page may ask for one at a time.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, get_args
from zoneinfo import ZoneInfo

from sqlglot import exp

from common.errors import DefinitionError
from segments.exporting.standing import a_look
from segments.published import Published
from segments.reaching.listing import compile_list
from segments.reaching.reach import Reach, measure
from segments.rules.comparisons import Calendar
from segments.rules.compile import Compiled, compile_for, to_sql
from segments.rules.definition import Channel, Label
from segments.rules.dictionary import CATALOGUE
from segments.rules.load import Audience
from warehouse.snapshot import open_warehouse

CHANNELS: Final[tuple[str, ...]] = get_args(Channel)
# A share is drawn towards everybody's by as many people as this: of three people all three may carry a tag by chance.
PRIOR_PEOPLE: Final = 50
LEAST_PEOPLE: Final = 5
_MATCHING: Final = "insight_matching"


@dataclass(frozen=True)
class PastSize:
    """An audience as its rule describes it on a kept run; None where the rule does not fit that run."""

    run_id: str
    as_of: dt.date
    matching: int | None
    reachable: int | None
    problem: str | None = None


@dataclass(frozen=True)
class TagLift:
    """How much more often an audience's people carry a tag than everybody does.

    Attributes:
        n_people: of the audience who carry it.
        share: of the audience.
        share_everybody: of everybody.
        lift: the audience's share, drawn towards everybody's by `PRIOR_PEOPLE` people, over everybody's; 1: no other.
    """

    tag: str
    value: str
    label: Label
    n_people: int
    share: float
    share_everybody: float
    lift: float


def reach_by_channel(
    published: Published, audience: Audience, parameters: Mapping[str, Any] | None = None
) -> dict[str, Reach]:
    """How many of an audience's people each channel reaches, and why not the others, whatever channel is its own.

    Raises:
        UsageError: a parameter is wrong.
        DefinitionError: the audience does not fit the published tables.
    """
    found = {}
    with _laid(published, compile_for(published, audience, parameters)) as matching:
        for channel in CHANNELS:
            own = _for_channel(audience, channel)
            compiled = compile_list(published, own, parameters, what_for=a_look(published, own))
            found[channel] = measure(published.con, replace(compiled, matching=matching))
    return found


def past_sizes(published: Published, audience: Audience, parameters: Mapping[str, Any] | None = None) -> list[PastSize]:
    """Today's rule counted on every kept run, oldest first, the published one last; consent as it was known then.

    Runs that were pruned are not told of: what a rule of today would have found then cannot be known any more.

    Raises:
        UsageError: a parameter is wrong.
    """
    sizes = []
    for manifest in published.home.kept():
        run_id, as_of = manifest["run_id"], dt.date.fromisoformat(manifest["as_of"])
        try:
            with _kept(published, run_id, as_of, manifest["time_zone"]) as then:
                reach = measure(then.con, compile_for(then, audience, parameters))
            sizes.append(PastSize(run_id, as_of, reach.matching, reach.reachable))
        except DefinitionError as error:
            sizes.append(PastSize(run_id, as_of, None, None, str(error)))
    return sizes


def top_tags(
    published: Published,
    audience: Audience,
    parameters: Mapping[str, Any] | None = None,
    *,
    limit: int = 10,
) -> list[TagLift]:
    """The tags that set an audience's people apart, by lift against everybody, the greatest first.

    Args:
        published: the open run.
        audience: the audience.
        parameters: values that replace its defaults.
        limit: how many at most.

    Raises:
        UsageError: a parameter is wrong.
        DefinitionError: the audience does not fit the published tables.
    """
    if CATALOGUE not in published.dictionary.tables:
        return []
    with _laid(published, compile_for(published, audience, parameters)):
        rows = published.con.execute(_LIFT, [PRIOR_PEOPLE, PRIOR_PEOPLE, LEAST_PEOPLE, limit]).fetchall()
    return [
        TagLift(tag, value, Label(zh=zh or tag, en=en or tag), n, share, base, lift)
        for tag, value, zh, en, n, share, base, lift in rows
    ]


# Tags are unique by person, tag and value, so rows are people.
_LIFT: Final = f"""
    WITH size AS (
        SELECT (SELECT count(*) FROM {_MATCHING}) AS n_audience,
            (SELECT count(*) FROM customer.customer_360) AS n_everybody
    ), carried AS (
        SELECT tag, value, count(*) AS n_base FROM customer.tag GROUP BY tag, value
    ), mine AS (
        SELECT tag, value, count(*) AS n FROM customer.tag
        WHERE one_id IN (SELECT one_id FROM {_MATCHING}) GROUP BY tag, value
    )
    SELECT mine.tag, coalesce(mine.value, ''), c.label_zh, c.label_en, n, n / n_audience, n_base / n_everybody,
        (n + ? * n_base / n_everybody) / (n_audience + ?) / (n_base / n_everybody) AS lift
    FROM mine JOIN carried ON carried.tag = mine.tag AND carried.value IS NOT DISTINCT FROM mine.value
    CROSS JOIN size LEFT JOIN {CATALOGUE} AS c ON c.tag = mine.tag
    WHERE n >= ? AND n_audience > 0
    ORDER BY lift DESC, n DESC, mine.tag, mine.value
    LIMIT ?
"""


def _for_channel(audience: Audience, channel: str) -> Audience:
    return replace(audience, raw={**audience.raw, "channel": channel})


@contextmanager
def _laid(published: Published, compiled: Compiled) -> Iterator[exp.Select]:
    """Whom the rule describes as a table of the connection, so that it is worked out once."""
    published.con.execute(f"CREATE OR REPLACE TEMP TABLE {_MATCHING} AS {to_sql(compiled.matching)}")
    try:
        yield exp.select("one_id").from_(_MATCHING)
    finally:
        published.con.execute(f"DROP TABLE IF EXISTS {_MATCHING}")


@contextmanager
def _kept(published: Published, run_id: str, as_of: dt.date, time_zone: str) -> Iterator[Published]:
    """A kept run, for counting alone: lists are made from the published one."""
    if run_id == published.run_id:
        yield published
        return
    con = open_warehouse(published.home, run_id)
    try:
        yield Published(home=published.home, con=con, run_id=run_id, calendar=Calendar(as_of, ZoneInfo(time_zone)))
    finally:
        con.close()
