"""The scores of each customer as one table: what a fitted value model says as of its day."""

from datetime import date
from typing import Final

import numpy as np
import polars as pl

from profiles.value_models.config import HORIZON_DAYS, LOWEST_TIER, TIERS, ValueConfig
from profiles.value_models.fitting import FittedValue
from profiles.value_models.forecast import Forecast
from profiles.value_models.history import CustomerHistory
from profiles.value_models.quadrature import Array
from profiles.value_models.seasonality import Clock

CLV_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "one_id": pl.String,
    "p_alive": pl.Float64,
    "expected_purchases_30d": pl.Float64,
    "expected_purchases_90d": pl.Float64,
    "expected_purchases_180d": pl.Float64,
    "expected_purchases_365d": pl.Float64,
    "likely_purchases_365d": pl.Int64,
    "p_buy_30d": pl.Float64,
    "p_buy_90d": pl.Float64,
    "p_buy_180d": pl.Float64,
    "p_buy_365d": pl.Float64,
    "next_purchase_date": pl.Date,
    "next_purchase_from": pl.Date,
    "next_purchase_to": pl.Date,
    "expected_order_value_cny": pl.Float64,
    "clv_12m_cny": pl.Float64,
    "history_value_cny": pl.Float64,
    "tier": pl.String,
    "percentile": pl.Float64,
    "model_run": pl.String,
}
_HORIZONS: Final = (30, 90, 180, 365)
_MONTH_ENDS: Final = np.round(np.arange(1, 13) * HORIZON_DAYS / 12)


def scores(fitted: FittedValue, history: CustomerHistory, ids: pl.Series, config: ValueConfig) -> pl.DataFrame:
    """Columns of `CLV_SCHEMA` but the model run, one row a customer, by one_id."""
    forecast, rows, clock = fitted.forecast(history)
    by_history = _predict(forecast, clock, history.as_of, config)
    customers = history.customers
    value = fitted.order_value(history)
    discounted = by_history["discounted_purchases"].to_numpy()[rows]
    frame = by_history.drop("discounted_purchases")[rows].with_columns(
        one_id=ids.gather(customers["customer"]),
        expected_order_value_cny=pl.Series(value).round(2),
        clv_12m_cny=pl.Series(discounted * value * config.gross_margin).round(2),
        history_value_cny=customers["history_value_cny"].round(2),
    )
    rank = pl.col("clv_12m_cny").rank("min")
    from_top = pl.col("clv_12m_cny").rank("min", descending=True) - 1
    tier = pl.lit(LOWEST_TIER)
    for share, name in reversed(TIERS):
        tier = pl.when(from_top < share * pl.len()).then(pl.lit(name)).otherwise(tier)
    return frame.with_columns(
        tier=tier,
        percentile=(100.0 * (rank - 1) / pl.max_horizontal(pl.len() - 1, 1)).round(2),
    )


def discounted_purchases(forecast: Forecast, clock: Clock, annual_discount_rate: float) -> tuple[Array, Array]:
    """Expected purchases in the next 365 days, discounted by month and plain, one entry a history."""
    expected = forecast.expected_purchases(clock.at(_MONTH_ENDS))
    return _discounted(expected, annual_discount_rate), expected[:, -1]


def _discounted(expected: Array, annual_discount_rate: float) -> Array:
    monthly = np.diff(expected, axis=1, prepend=0.0)
    discount = (1.0 + annual_discount_rate) ** (-np.arange(1, 13) / 12.0)
    # Not `@`: a BLAS may add in another order with another number of threads.
    return (monthly * discount).sum(axis=1)


def _predict(forecast: Forecast, clock: Clock, as_of: date, config: ValueConfig) -> pl.DataFrame:
    """Predictions for each distinct history."""
    short = [days for days in _HORIZONS if days != HORIZON_DAYS]
    expected = forecast.expected_purchases(clock.at(np.append(_MONTH_ENDS, short)))
    columns: dict[str, Array] = {
        "p_alive": forecast.alive,
        **{f"expected_purchases_{days}d": expected[:, 12 + i] for i, days in enumerate(short)},
        "expected_purchases_365d": expected[:, 11],
        "discounted_purchases": _discounted(expected[:, :12], config.annual_discount_rate),
    }
    ends = clock.at(np.array(_HORIZONS))
    columns |= {f"p_buy_{days}d": forecast.p_buy(float(t)) for days, t in zip(_HORIZONS, ends, strict=True)}
    year = float(ends[-1])
    frame = pl.DataFrame(columns).with_columns(pl.all().exclude("discounted_purchases").round(6))
    frame = frame.with_columns(likely_purchases_365d=pl.Series(forecast.median_purchases(year)).cast(pl.Int64))
    return frame.with_columns(**_next_purchase(forecast, clock, as_of, frame["p_buy_365d"].to_numpy(), config))


def _next_purchase(
    forecast: Forecast, clock: Clock, as_of: date, p_buy: Array, config: ValueConfig
) -> dict[str, pl.Series]:
    """Median and 80 % band of the next purchase's date, given one within the year; null where that is unlikely."""
    likely = p_buy >= config.min_p_buy
    year = float(clock.at(np.array([HORIZON_DAYS]))[0])
    today = np.datetime64(as_of, "D")
    dates = {}
    for name, quantile in {"next_purchase_date": 0.5, "next_purchase_from": 0.1, "next_purchase_to": 0.9}.items():
        day = np.full(likely.size, np.datetime64("NaT"), dtype="datetime64[D]")
        if likely.any():
            wait = clock.calendar(forecast.only(likely).time_to_buy(year, quantile))
            day[likely] = today + np.clip(np.ceil(wait - 1e-6), 1, HORIZON_DAYS).astype(int)
        dates[name] = pl.Series(name, day).cast(pl.Date)
    return dates
