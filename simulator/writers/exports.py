"""Where and when files are written: folders, names, times, and the periods that exports cover."""

import calendar as months
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl

from simulator.people import DAY, Calendar


@dataclass(frozen=True)
class Period:
    """A span of seconds that one export covers, and the second at which it was made."""

    label: str
    start: int
    end: int
    exported_at: int
    overlap: int = 0  # seconds before `start` that are exported again
    daily: bool = False
    index: int = 0  # of the period among its kind
    count: int = 1

    def covers(self, at: str = "at") -> pl.Expr:
        """Rows that came about in the period, those exported again included."""
        return (pl.col(at) >= self.start - self.overlap) & (pl.col(at) < self.end)

    def touches(self, at: str, *changes: str) -> pl.Expr:
        """Rows that the export shows: new ones, and in a daily export also those that changed."""
        rows = self.covers(at)
        if self.daily:
            for change in changes:
                rows |= (pl.col(change) >= self.start) & (pl.col(change) < self.end) & (pl.col(at) < self.end)
        return rows


def _last_of(day: date, length: int) -> date:
    """The last day of the block of so many months in which a day lies."""
    month = ((day.month - 1) // length + 1) * length
    return date(day.year, month, months.monthrange(day.year, month)[1])


def periods(span: Calendar, length: int, *, overlap_days: int = 0, delay_hours: int = 30) -> list[Period]:
    """The files of the years, one each so many months; the last ends with the as-of day.

    Args:
        span: the calendar.
        length: months of one period; 3 for quarters, 12 for years.
        overlap_days: how much of the period before is exported again.
        delay_hours: how long after a period's end the export was made; never after the as-of day.
    """
    found, day = [], span.start
    while day <= span.as_of:
        last = min(_last_of(day, length), span.as_of)
        start, end = span.second(day), span.second(last) + DAY
        made = min(end + delay_hours * 3600, span.end - 1)
        label = f"{day.year}{(day.month - 1) // length + 1:02d}"
        found.append(Period(label, start, end, made, overlap_days * DAY))
        day = last + timedelta(days=1)
    return [
        Period(p.label, p.start, p.end, p.exported_at, p.overlap, False, i, len(found)) for i, p in enumerate(found)
    ]


def daily(span: Calendar, day: int) -> Period:
    """The export of the `day`-th day after the as-of date (1 is the first)."""
    start = span.end + (day - 1) * DAY
    return Period(f"{span.day(start):%Y%m%d}", start, start + DAY, start + DAY - 1, daily=True)


@dataclass
class Exports:
    """A landing folder that is being filled."""

    root: Path
    span: Calendar
    files: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)

    def moment(self, second: int) -> datetime:
        """A second of the world as a local date and time."""
        return datetime.combine(self.span.start, datetime.min.time()) + timedelta(seconds=second)

    def write(self, path: str, data: bytes, exported_at: int, rows: int) -> Path:
        """Write one file with its export time as time of change.

        Args:
            path: below the landing folder, `<source>/<account>/<name>`.
            data: the bytes.
            exported_at: second of the world.
            rows: data rows in it, for the report.
        """
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        self.stamp(target, exported_at)
        source = path.split("/")[0]
        self.files.append(path)
        self.rows[source] = self.rows.get(source, 0) + rows
        return target

    def stamp(self, target: Path, exported_at: int) -> None:
        """Set a file's time to the moment of its export (local time of the brand, UTC+8)."""
        seconds = int((self.moment(exported_at) - datetime(1970, 1, 1)).total_seconds()) - 8 * 3600
        os.utime(target, (seconds, seconds))

    def stamp_text(self, exported_at: int, pattern: str = "%Y%m%d%H%M") -> str:
        """An export moment as it appears in file names."""
        return self.moment(exported_at).strftime(pattern)


def each(items: list[Period], wanted: Period | None) -> Iterator[Period]:
    """The one period that is asked for, else all of them."""
    yield from items if wanted is None else [wanted]
