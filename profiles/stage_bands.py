"""Lifecycle stages of every past day at once: thresholds day by day, and what they make of a day of last purchase.

A stage depends on a person only through the number of purchases, the day of the last one and the gap before it, and on
the day only through its two thresholds. So what each day's thresholds say is worked out here per day of last purchase
and per length of gap; joining people to it is for the SQL model customer.stage_history.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from profiles import thresholds

THRESHOLD_SPAN_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "scope": pl.String,  # all | category
    "category": pl.String,  # `all` for the whole business
    "valid_from": pl.Date,
    "valid_to": pl.Date,  # last day that counts; null for the span that the as-of day is in
    "q80_days": pl.Float64,
    "q95_days": pl.Float64,
    "n_gaps": pl.Int64,
    "source": pl.String,  # measured | fallback
}
BAND_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "scope": pl.String,
    "category": pl.String,
    "last_purchase_date": pl.Date,
    "band": pl.String,
    "valid_from": pl.Date,
    "valid_to": pl.Date,  # last day that counts
}
WON_BACK_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "scope": pl.String,
    "category": pl.String,
    "last_gap_days": pl.Int64,
    "is_won_back": pl.Boolean,
    "valid_from": pl.Date,
    "valid_to": pl.Date,  # last day that counts
}
BANDS: Final = ("recent", "at_risk", "silent", "churned")
_QUANTILES: Final = (0.80, 0.95)
Days = npt.NDArray[np.float64]


@dataclass(frozen=True)
class StageBands:
    """What thresholds of each day say, as spans of days.

    Attributes:
        threshold: columns of `THRESHOLD_SPAN_SCHEMA`.
        band: for each day of last purchase, columns of `BAND_SCHEMA`, from that day to the as-of day.
        won_back: for each length of the last gap, columns of `WON_BACK_SCHEMA`, all days of its scope.
    """

    threshold: pl.DataFrame
    band: pl.DataFrame
    won_back: pl.DataFrame


@dataclass(frozen=True)
class _Scope:
    """One scope's thresholds, one element a day from `first` on."""

    scope: str
    category: str
    first: date
    q80: Days
    q95: Days
    n_gaps: npt.NDArray[np.int64]

    @property
    def name(self) -> dict[str, Any]:
        return {"scope": self.scope, "category": self.category}


def stage_bands(spans: pl.DataFrame, changes: pl.DataFrame, as_of: date) -> StageBands:
    """Thresholds of every day up to the as-of day, and bands under them.

    For each day the thresholds are those of `profiles.thresholds.stage_thresholds` as of that day: linear quantiles of
    the gaps that were closed by then, with its fallback and floor.

    Args:
        spans: scope, category (`all` for the whole business), last_purchase_date, last_gap_days of people at any time;
            repeated rows do no harm.
        changes: scope, category, gap_days, change_date, n_change: how many gaps of a length came (or, when a purchase
            was undone, went) on a day.
        as_of: last day that counts.

    Returns:
        Nothing of a scope without purchases, but for the thresholds of scope `all` on the as-of day.
    """
    scopes = list(_scopes(spans, changes, as_of))
    keys = ["scope", "category"]
    last = spans.select(*keys, "last_purchase_date").drop_nulls("last_purchase_date").unique()
    gaps = spans.select(*keys, "last_gap_days").drop_nulls("last_gap_days").unique()
    bands, won_back = [], []
    for scope in scopes:
        mine = (pl.col("scope") == scope.scope) & (pl.col("category") == scope.category)
        bands.append(_bands(scope, last.filter(mine)["last_purchase_date"].sort()))
        won_back.append(_won_back(scope, gaps.filter(mine)["last_gap_days"].sort()))
    return StageBands(
        pl.concat([_threshold_spans(scope) for scope in scopes]),
        pl.concat(bands),
        pl.concat(won_back),
    )


def _scopes(spans: pl.DataFrame, changes: pl.DataFrame, as_of: date) -> Iterator[_Scope]:
    first = (
        spans.group_by("scope", "category")
        .agg(pl.col("last_purchase_date").min())
        .drop_nulls("last_purchase_date")
        .sort("scope", "category")
    )
    if not first.filter(pl.col("scope") == "all").height:
        first = pl.concat([pl.DataFrame([("all", "all", as_of)], schema=first.schema, orient="row"), first])
    for scope, category, begins in first.iter_rows():
        mine = (pl.col("scope") == scope) & (pl.col("category") == category)
        n_days = (as_of - begins).days + 1
        yield _Scope(scope, category, begins, *_daily_thresholds(changes.filter(mine), begins, n_days))


def _daily_thresholds(changes: pl.DataFrame, first: date, n_days: int) -> tuple[Days, Days, npt.NDArray[np.int64]]:
    """Both thresholds and the number of closed gaps, for each day: one pass, with a count for each length of gap."""
    daily = changes.group_by("change_date", "gap_days").agg(pl.col("n_change").sum()).sort("change_date", "gap_days")
    found = [np.full(n_days, fallback) for fallback in thresholds.FALLBACK_DAYS]
    n_gaps = np.zeros(n_days, dtype=np.int64)
    if daily.height:
        days = _offsets(daily["change_date"], first)
        lengths = daily["gap_days"].to_numpy()
        amounts = daily["n_change"].to_numpy()
        counts = np.zeros(int(lengths.max()) + 1, dtype=np.int64)
        edges = np.flatnonzero(np.diff(days, prepend=days[0] - 1))
        for start, end in zip(edges, [*edges[1:], len(days)], strict=True):
            np.add.at(counts, lengths[start:end], amounts[start:end])
            below = np.cumsum(counts)
            day, n = int(days[start]), int(below[-1])
            n_gaps[day:] = n
            enough = n >= thresholds.MIN_GAPS
            for values, share, fallback in zip(found, _QUANTILES, thresholds.FALLBACK_DAYS, strict=True):
                values[day:] = max(_quantile(below, n, share), thresholds.FLOOR_DAYS) if enough else fallback
    return found[0], found[1], n_gaps


def _offsets(days: pl.Series, first: date) -> npt.NDArray[np.int64]:
    return (days.to_numpy() - np.datetime64(first)).astype("timedelta64[D]").astype(np.int64)


def _quantile(below: npt.NDArray[np.int64], n: int, share: float) -> float:
    """Linear quantile, to the last bit as Polars gives it, of the values i that occur below[i] - below[i-1] times."""
    place = (n - 1) * share
    index = int(place)
    lower, upper = (int(x) for x in np.searchsorted(below, [index, min(index + 1, n - 1)], side="right"))
    return float(lower) if lower == upper else (place - index) * (upper - lower) + lower


def _threshold_spans(scope: _Scope) -> pl.DataFrame:
    starts = _starts(scope.q80, scope.q95, scope.n_gaps)
    ends = [int(start) - 1 for start in starts[1:]]
    rows = {
        **scope.name,
        "valid_from": _dates(scope, starts),
        "valid_to": [*_dates(scope, ends), None],
        "q80_days": scope.q80[starts],
        "q95_days": scope.q95[starts],
        "n_gaps": scope.n_gaps[starts],
        "source": np.where(scope.n_gaps[starts] >= thresholds.MIN_GAPS, "measured", "fallback").tolist(),
    }
    return _frame(rows, THRESHOLD_SPAN_SCHEMA, len(starts))


def _bands(scope: _Scope, last_days: pl.Series) -> pl.DataFrame:
    n_days = len(scope.q80)
    found: dict[str, list[Any]] = {name: [] for name in ("last", "band", "from", "to")}
    for last in _offsets(last_days, scope.first) if len(last_days) else ():
        recency = np.arange(n_days - last)
        q80, q95 = scope.q80[last:], scope.q95[last:]
        band = (recency > q80).astype(np.int8) + (recency > q95) + (recency > 2 * q95)
        starts = _starts(band)
        found["last"] += [last] * len(starts)
        found["band"] += [BANDS[i] for i in band[starts]]
        found["from"] += (starts + last).tolist()
        found["to"] += [*(starts[1:] + last - 1).tolist(), n_days - 1]
    rows = {
        **scope.name,
        "last_purchase_date": _dates(scope, found["last"]),
        "band": found["band"],
        "valid_from": _dates(scope, found["from"]),
        "valid_to": _dates(scope, found["to"]),
    }
    return _frame(rows, BAND_SCHEMA, len(found["last"]))


def _won_back(scope: _Scope, gaps: pl.Series) -> pl.DataFrame:
    found: dict[str, list[Any]] = {name: [] for name in ("gap", "is", "from", "to")}
    for gap in gaps.to_list():
        longer = gap > scope.q95
        starts = _starts(longer)
        found["gap"] += [gap] * len(starts)
        found["is"] += longer[starts].tolist()
        found["from"] += starts.tolist()
        found["to"] += [*(starts[1:] - 1).tolist(), len(longer) - 1]
    rows = {
        **scope.name,
        "last_gap_days": found["gap"],
        "is_won_back": found["is"],
        "valid_from": _dates(scope, found["from"]),
        "valid_to": _dates(scope, found["to"]),
    }
    return _frame(rows, WON_BACK_SCHEMA, len(found["gap"]))


def _starts(*values: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """Where a run of equal values begins."""
    changes = np.zeros(len(values[0]), dtype=bool)
    changes[0] = True
    for value in values:
        changes[1:] |= value[1:] != value[:-1]
    return np.flatnonzero(changes)


def _dates(scope: _Scope, offsets: Any) -> list[date]:
    return [scope.first + timedelta(days=int(offset)) for offset in offsets]


def _frame(rows: dict[str, Any], schema: dict[str, type[pl.DataType]], n: int) -> pl.DataFrame:
    filled = {name: [value] * n if name in ("scope", "category") else value for name, value in rows.items()}
    return pl.DataFrame(filled, schema=schema)
