"""All that is fitted on a customer base: season, purchase model, returns, and what purchases are worth.

`fit_value` is used alike for the scores, for the back-test and, without returns, for the inner windows.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np

from profiles.value_models import future_spend, purchase_process, returns, spend
from profiles.value_models.config import HORIZON_DAYS, ValueConfig
from profiles.value_models.forecast import Forecast
from profiles.value_models.future_spend import FutureSpend
from profiles.value_models.history import CustomerHistory, PurchaseDays, distinct_histories, summarise
from profiles.value_models.purchase_process import PurchaseModel
from profiles.value_models.quadrature import Array
from profiles.value_models.returns import Returns, Window
from profiles.value_models.seasonality import Clock, Season, seasonal_index
from profiles.value_models.spend import SpendModel

# Sampling a hundred thousand of a million customers moves their total by 0.2 %.
SAMPLE: Final = 100_000
_MIN_WINDOW: Final = {"customers": 200, "repeat": 50, "purchases": 50, "days": 28}


@dataclass(frozen=True)
class FittedValue:
    """A fitted value model.

    Attributes:
        season: seasonal index.
        candidates: purchase models of every k, the likeliest first.
        returns: pace and returns from inner windows.
        spending: Gamma-Gamma.
        future: what future purchases are worth beside that.
        n_windows: inner windows that returns and future spend were learnt from.
    """

    season: Season
    candidates: tuple[PurchaseModel, ...]
    returns: Returns
    spending: SpendModel
    future: FutureSpend
    n_windows: int

    @property
    def model(self) -> PurchaseModel:
        """The purchase model that counts."""
        return self.candidates[0]

    @property
    def is_converged(self) -> bool:
        """Every fit met its criterion."""
        return self.model.is_converged and self.spending.is_converged

    def forecast(self, history: CustomerHistory) -> tuple[Forecast, Array, Clock]:
        """The future of each distinct history, each customer's row in them, and the clock."""
        histories, rows, clock = distinct_histories(history, self.season)
        return Forecast(self.model, self.returns, histories), rows, clock

    def order_value(self, history: CustomerHistory) -> Array:
        """Expected value of a future purchase of each customer."""
        n, mean, last = history.spending()
        expected = spend.expected_spend(self.spending, n, mean)
        return expected * self.future.factor(expected, last, n)


def fit_value(days: PurchaseDays, history: CustomerHistory, config: ValueConfig) -> FittedValue:
    """Fit everything on a history that passed the gate; `days` are what it was made of."""
    season = seasonal_index(history.repeats, history.as_of, config.min_season_days)
    histories, _, _ = distinct_histories(history, season)
    candidates = purchase_process.fit_best(histories, config.shapes, prior_weight=config.prior_weight)
    n, mean, _ = history.spending()
    windows, seen = [], []
    sampled = days.until(history.as_of).sample(SAMPLE)
    for share in window_shares(history.days):
        found = _window(sampled, history, timedelta(days=round(history.days * share)), season, candidates[0].k, config)
        if found:
            windows.append(found[0])
            seen.append(found[1])
    columns = [np.concatenate(c) for c in zip(*seen, strict=True)]
    return FittedValue(
        season,
        tuple(candidates),
        returns.learn(windows),
        spend.fit(n, mean),
        future_spend.learn(*columns) if columns else future_spend.AS_EXPECTED,
        len(windows),
    )


def window_shares(history_days: int) -> tuple[float, float]:
    """Lengths of the inner windows as shares of the history.

    The longer one stands to the history before it as the coming year stands to the whole history, but takes at
    most half of it; the other is a fifth shorter, so that no single day decides.
    """
    share = min(0.5, HORIZON_DAYS / (HORIZON_DAYS + max(history_days, 1)))
    return share, 0.8 * share


def _window(
    days: PurchaseDays, history: CustomerHistory, length: timedelta, season: Season, k: int, config: ValueConfig
) -> tuple[Window, tuple[Array, ...]] | None:
    """One inner window, and what is needed to learn the value of future purchases; None where too thin."""
    known = summarise(days, history.as_of - length)
    repeat = int((known.customers["frequency"] > 0).sum())
    if (
        known.customers.height < _MIN_WINDOW["customers"]
        or repeat < _MIN_WINDOW["repeat"]
        or length.days < _MIN_WINDOW["days"]
    ):
        return None
    bought, spent = days.between(known.customers["customer"], known.as_of, history.as_of)
    if bought.sum() < _MIN_WINDOW["purchases"]:
        return None
    histories, rows, clock = distinct_histories(known, season)
    model = purchase_process.fit(histories, k, prior_weight=config.prior_weight)
    n, mean, last = known.spending()
    spending = spend.fit(n, mean)
    if not (model.is_converged and spending.is_converged):
        return None
    size = histories.weight.size
    window = Window(
        model,
        histories,
        float(clock.at(np.array([length.days]))[0]),
        np.bincount(rows, weights=bought, minlength=size).astype(float),
        np.bincount(rows, weights=bought > 0, minlength=size).astype(float),
    )
    return window, (spend.expected_spend(spending, n, mean), last, n, bought, spent)
