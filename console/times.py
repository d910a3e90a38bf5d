"""Times as pages show them: tables and audits keep UTC, people read the brand's own zone.

The filters take the zone from the page's context, where `render` puts that of the published run.
"""

import datetime as dt
from typing import Final
from zoneinfo import ZoneInfo

from jinja2 import pass_context
from jinja2.runtime import Context

# Where nothing is published yet; the same default as of a run.
DEFAULT_ZONE: Final = ZoneInfo("Asia/Shanghai")


def local(at: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """A moment in UTC, by the clocks of a zone and without it."""
    return at.replace(tzinfo=at.tzinfo or dt.UTC).astimezone(zone).replace(tzinfo=None)


@pass_context
def day(context: Context, value: dt.date | dt.datetime | None) -> str:
    """A day as 2026-11-29; of a moment the day that it was in the brand's zone."""
    return "–" if value is None else f"{_local(context, value):%Y-%m-%d}"


@pass_context
def moment(context: Context, value: dt.datetime | None) -> str:
    """A moment to the minute, in the brand's zone."""
    return "–" if value is None else f"{_local(context, value):%Y-%m-%d %H:%M}"


@pass_context
def ago(context: Context, value: dt.date | dt.datetime | None, of: dt.date) -> str:
    """How long before a day: `12 天前`, `3 个月前`."""
    if value is None:
        return "–"
    at = _local(context, value)
    days = (of - (at.date() if isinstance(at, dt.datetime) else at)).days
    is_chinese = context.get("lang") != "en"
    for size, length, zh, en in ((730, 365.25, "年", "years"), (60, 30.44, "个月", "months")):
        if days >= size:
            number = round(days / length)
            return f"{number} {zh}前" if is_chinese else f"{number} {en} ago"
    return f"{days} 天前" if is_chinese else f"{days} days ago"


def _local(context: Context, value: dt.date | dt.datetime) -> dt.date | dt.datetime:
    return local(value, context.get("zone") or DEFAULT_ZONE) if isinstance(value, dt.datetime) else value
