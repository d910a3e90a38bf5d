"""Would the scores have been right? Fit on the older days, predict the newest, compare.

With what came, and with the plain rule "as much as last year".
"""

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from profiles.value_models.config import HORIZON_DAYS, ValueConfig
from profiles.value_models.fitting import SAMPLE, fit_value
from profiles.value_models.history import PurchaseDays, closed_gate, purchase_days, summarise
from profiles.value_models.measures import calibration, deciles, measures


def backtest(
    purchases: pl.DataFrame, as_of: date, config: ValueConfig, holdout_days: int | None = None
) -> dict[str, Any]:
    """Hold out the newest days, fit on the rest, and measure the predictions for the held-out days.

    Nothing of the held-out days is used, and all that the scores use is fitted anew: season, returns and the value
    of future purchases too. Of a very large base, every n-th customer is measured.

    Args:
        purchases: as for `score`.
        as_of: end of the holdout.
        config: settings of the fit and of its gates.
        holdout_days: length; a third of the history, at most 365, when None.

    Returns:
        The split, `gate` with the reason where the older days alone allow no fit, else `model`, `last_year`
        and `deciles` as from `measures`, and `loses` with the reason where last year's spend did better.
    """
    return backtest_days(purchase_days(purchases), as_of, config, holdout_days)


def backtest_days(
    days: PurchaseDays, as_of: date, config: ValueConfig, holdout_days: int | None = None
) -> dict[str, Any]:
    """The same of purchases that are counted already."""
    length = holdout_days or min(HORIZON_DAYS, summarise(days, as_of).days // 3)
    split = as_of - timedelta(days=length)
    sampled = days.until(split).sample(SAMPLE)
    known = summarise(sampled, split)
    frame: dict[str, Any] = {
        "split": split.isoformat(),
        "holdout_days": length,
        "n_customers": known.customers.height,
    }
    gate = closed_gate(known, config)
    if gate:
        return frame | {"gate": gate}
    fitted = fit_value(sampled, known, config)
    forecast, rows, clock = fitted.forecast(known)
    horizon = float(clock.at(np.array([length]))[0])
    expected = forecast.expected_purchases(np.array([horizon]))[rows, 0]
    p_buy = forecast.p_buy(horizon)[rows]
    spend = expected * fitted.order_value(known)
    customers = known.customers["customer"]
    actual = days.between(customers, split, as_of)
    past = days.between(customers, split - timedelta(days=HORIZON_DAYS), split)
    scale = length / min(HORIZON_DAYS, max(known.days, 1))
    found = measures(expected, spend, *actual) | calibration(p_buy, actual[0])
    found["purchases_median_mae"] = round(float(np.abs(forecast.median_purchases(horizon)[rows] - actual[0]).mean()), 6)
    naive = measures(past[0] * scale, past[1] * scale, *actual)
    return frame | {
        "gate": None,
        "kind": fitted.model.kind,
        "model": found,
        "last_year": naive,
        "deciles": deciles(expected, p_buy, spend, *actual),
        "loses": loses(found, naive),
    }


def loses(model: dict[str, float], last_year: dict[str, float]) -> str | None:
    """Why scores are no better than last year's spend, as one sentence; None when they are better.

    Squared error and not absolute error decides: CLV is an expectation, and the mean is what the former asks for
    (Gneiting 2011), while the latter is least for saying "nothing" of most customers.
    """
    ranks, misses = ((model[name], last_year[name]) for name in ("spend_gini", "spend_rmse"))
    findings = {
        f"ranked customers better (Gini {ranks[1]:.3f} against {ranks[0]:.3f})": ranks[0] < ranks[1],
        f"was nearer to each customer's spend (RMSE {misses[1]:,.0f} against {misses[0]:,.0f})": misses[0] > misses[1],
    }
    found = " and ".join(text for text, is_so in findings.items() if is_so)
    return f"Scores held back: in the back-test, last year's spend {found}." if found else None
