"""Time as a brand's year feels it: a day in a peak season is longer than one in a lull.

Purchases are counted in operational days, calendar days weighted by a seasonal index. The purchase model is
fitted and asked in them, so that rates, dropout and totals stand clear of the season, and come back with it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from profiles.value_models.quadrature import Array

# Ten-day thirds of a month (旬): short enough for a sales festival, long enough to hold purchases.
N_PERIODS: Final = 36
_TREND: Final = 3
_DAYS_AHEAD: Final = 3 * 366
_MOST: Final = 4.0


@dataclass(frozen=True)
class Season:
    """How much faster than on average people buy in each third of a month, from 1 January; mean about 1."""

    factors: tuple[float, ...] = (1.0,) * N_PERIODS

    @property
    def is_flat(self) -> bool:
        """No season is known."""
        return set(self.factors) == {1.0}


FLAT: Final = Season()


def period_of(days: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Which third of a month each `datetime64[D]` lies in, 0 to 35."""
    months = days.astype("datetime64[M]")
    month = months.astype(int) % 12
    day = (days - months.astype("datetime64[D]")).astype(int)
    return month * 3 + np.minimum(day // 10, 2)


class Clock:
    """Operational days from calendar days and back, 0 at the end of the as-of day."""

    def __init__(self, season: Season, as_of: date, days_back: int) -> None:
        self.is_flat = season.is_flat
        self._back = days_back + 1
        start = np.datetime64(as_of - timedelta(days=days_back))
        days = start + np.arange(self._back + _DAYS_AHEAD)
        speed = np.asarray(season.factors)[period_of(days)]
        passed = np.concatenate([[0.0], np.cumsum(speed)])
        # At the end of the as-of day, `_back` days have passed.
        self._passed = passed - passed[self._back]

    def at(self, days: Array) -> Array:
        """Operational days from the as-of date to whole calendar days after it (negative: before)."""
        if self.is_flat:
            return np.asarray(days, dtype=float)
        return self._passed[np.asarray(days, dtype=int) + self._back]

    def calendar(self, operational: Array) -> Array:
        """Calendar days after the as-of date until so many operational days have passed."""
        if self.is_flat:
            return operational
        return np.interp(operational, self._passed, np.arange(self._passed.size) - float(self._back))


def seasonal_index(repeats: pl.Series, as_of: date, min_days: int) -> Season:
    """Seasonal index by ratio to trend, shrunk towards 1 as far as the counts are noise.

    A Poisson regression of the repeat purchases in each ten-day period on a smooth trend and the effect of the
    time of year. The effects are normal around 0; their spread is learnt from the counts (empirical Bayes), so
    that a small brand, or one without seasons, gets factors near 1.

    Args:
        repeats: dates of all purchases but each customer's first.
        as_of: end of observation.
        min_days: no index from less history than this.
    """
    days = repeats.to_numpy().astype("datetime64[D]")
    if days.size < N_PERIODS or (np.datetime64(as_of) - days.min()).astype(int) < min_days:
        return FLAT
    first = days.min()
    whole = np.arange(first, np.datetime64(as_of) + 1)
    slot = _slots(whole)
    n_slots = int(slot[-1]) + 1
    exposure = np.bincount(slot, minlength=n_slots).astype(float)
    counts = np.bincount(slot[(days - first).astype(int)], minlength=n_slots).astype(float)
    period = period_of(whole)[np.searchsorted(slot, np.arange(n_slots))]
    t = np.linspace(-1.0, 1.0, n_slots)
    trend = np.column_stack([t**i for i in range(_TREND + 1)])
    effects = np.zeros((n_slots, N_PERIODS))
    effects[np.arange(n_slots), period] = 1.0
    found = _shrunken_effects(np.hstack([trend, effects]), counts, np.log(exposure))
    factors = np.exp(np.clip(found, -np.log(_MOST), np.log(_MOST)))
    factors /= factors.mean()
    return Season(tuple(float(round(f, 4)) for f in factors))


def _slots(days: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Consecutive numbers of the thirds of a month that the days lie in."""
    return np.concatenate([[0], np.cumsum(np.diff(period_of(days)) != 0)])


def _shrunken_effects(design: Array, counts: Array, offset: Array) -> Array:
    """Effects of the time of year with their prior's variance by EM."""
    n_trend = design.shape[1] - N_PERIODS
    beta = np.zeros(design.shape[1])
    beta[0] = np.log(max(counts.sum(), 1.0) / np.exp(offset).sum())
    variance = 0.04
    for _ in range(30):
        penalty = np.concatenate([np.full(n_trend, 1e-3), np.full(N_PERIODS, 1.0 / variance)])
        penalty[0] = 0.0
        for _ in range(25):
            mean = np.exp(np.clip(design @ beta + offset, -30.0, 30.0))
            information = (design * mean[:, None]).T @ design + np.diag(penalty)
            step = np.linalg.solve(information, design.T @ (counts - mean) - penalty * beta)
            beta = beta + np.clip(step, -1.0, 1.0)
            if np.abs(step).max() < 1e-8:
                break
        spread = np.diag(np.linalg.inv(information))[n_trend:]
        variance = float(np.clip((beta[n_trend:] ** 2 + spread).mean(), 1e-4, 1.0))
    return beta[n_trend:]
