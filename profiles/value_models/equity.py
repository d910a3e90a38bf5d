"""Customer equity over time: today's model applied to the histories as they stood at past month ends."""

from datetime import date, timedelta
from typing import Final

import polars as pl

from profiles.value_models.config import ValueConfig
from profiles.value_models.fitting import FittedValue
from profiles.value_models.history import CustomerHistory, PurchaseDays, summarise
from profiles.value_models.scores import discounted_purchases

# Enough for a total within half a per cent.
SAMPLE: Final = 50_000
EQUITY_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "month_end_date": pl.Date,
    "n_customers": pl.Int64,
    "n_alive": pl.Float64,
    "expected_purchases_365d": pl.Float64,
    "clv_12m_cny": pl.Float64,
    "model_run": pl.String,
}


def month_ends(history: CustomerHistory, months: int) -> list[date]:
    """The last `months` month ends of a history, oldest first, and the as-of date where that is none."""
    ends = [] if (history.as_of + timedelta(days=1)).day == 1 else [history.as_of]
    end = (history.as_of + timedelta(days=1)).replace(day=1) - timedelta(days=1)
    while history.first_date and end >= history.first_date and len(ends) < months:
        ends.append(end)
        end = end.replace(day=1) - timedelta(days=1)
    return sorted(ends)


def equity_by_month(
    days: PurchaseDays, history: CustomerHistory, fitted: FittedValue, config: ValueConfig
) -> pl.DataFrame:
    """Customers, those alive, expected purchases and CLV at each month end; columns of `EQUITY_SCHEMA` but the run.

    Of a base of more than `SAMPLE` customers every n-th counts for n.
    """
    sampled = days.until(history.as_of).sample(SAMPLE)
    scale = history.customers.height / max(sampled.rows["customer"].n_unique(), 1)
    found = [_as_of(sampled, end, scale, fitted, config) for end in month_ends(history, config.equity_months)]
    schema = {name: kind for name, kind in EQUITY_SCHEMA.items() if name != "model_run"}
    return pl.DataFrame(found, schema=schema)


def _as_of(days: PurchaseDays, end: date, scale: float, fitted: FittedValue, config: ValueConfig) -> dict[str, object]:
    known = summarise(days, end)
    forecast, rows, clock = fitted.forecast(known)
    discounted, expected = discounted_purchases(forecast, clock, config.annual_discount_rate)
    clv = discounted[rows] * fitted.order_value(known) * config.gross_margin
    return {
        "month_end_date": end,
        "n_customers": round(known.customers.height * scale),
        "n_alive": round(float(forecast.alive[rows].sum()) * scale, 2),
        "expected_purchases_365d": round(float(expected[rows].sum()) * scale, 2),
        "clv_12m_cny": round(float(clv.sum()) * scale, 2),
    }
