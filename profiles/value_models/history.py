"""From purchases to what the models need: one row a customer, and the gates before a fit.

Sums are taken over whole numbers (days, 1/10,000 yuan), so that the order of rows cannot move a digit.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from profiles.value_models.config import ValueConfig
from profiles.value_models.errors import ValueModelError
from profiles.value_models.purchase_process import Histories
from profiles.value_models.quadrature import Array
from profiles.value_models.seasonality import FLAT, Clock, Season

COLUMNS: Final = ("one_id", "purchase_date", "net_amount_cny")
_UNIT: Final = 10_000


@dataclass(frozen=True)
class CustomerHistory:
    """Purchases up to the as-of date, by customer.

    Attributes:
        customers: one_id, frequency, recency_days, age_days, n_purchases, mean_value_cny, last_value_cny,
            history_value_cny; by one_id.
        gaps: from and until (days before the as-of date) of each pair of consecutive purchases, and how many
            there are of it.
        repeats: dates of all purchases but each customer's first.
        first_date: of the first purchase of all; None without purchases.
        last_date: of the last.
        as_of: end of observation, inclusive.
    """

    customers: pl.DataFrame
    gaps: pl.DataFrame
    repeats: pl.Series
    first_date: date | None
    last_date: date | None
    as_of: date

    @property
    def days(self) -> int:
        """Days from the first purchase of all to the as-of date."""
        return (self.as_of - self.first_date).days if self.first_date else 0


def summarise(purchases: pl.DataFrame, as_of: date) -> CustomerHistory:
    """Purchases by customer as of a date; later purchases are left out, several on one day count once.

    Raises:
        ValueModelError: a column is missing, or a value is missing, infinite or not above 0.
    """
    day = valid_days(purchases, as_of)
    # The days are sorted by customer, so a plain shift does what a window does in ten times the time.
    is_repeat = pl.col("one_id") == pl.col("one_id").shift()
    ago = (pl.lit(as_of) - pl.col("purchase_date")).dt.total_days()
    repeat = day.select("purchase_date", before=ago.shift(), until=ago, is_repeat=is_repeat).filter("is_repeat")
    first, last = pl.col("purchase_date").min(), pl.col("purchase_date").max()
    value = pl.col("units").sum() / _UNIT
    customers = (
        day.group_by("one_id")
        .agg(
            frequency=pl.len().cast(pl.Int64) - 1,
            recency_days=(last - first).dt.total_days(),
            age_days=(pl.lit(as_of) - first).dt.total_days(),
            n_purchases=pl.len().cast(pl.Int64),
            mean_value_cny=value / pl.len(),
            last_value_cny=pl.col("units").last() / _UNIT,
            history_value_cny=value,
        )
        .sort("one_id")
    )
    return CustomerHistory(
        customers=customers,
        gaps=repeat.group_by("before", "until").len("n").sort("before", "until"),
        repeats=repeat["purchase_date"],
        first_date=day["purchase_date"].min() if day.height else None,  # type: ignore[arg-type]  # of a Date column
        last_date=day["purchase_date"].max() if day.height else None,  # type: ignore[arg-type]  # of a Date column
        as_of=as_of,
    )


def sample_customers(purchases: pl.DataFrame, limit: int) -> pl.DataFrame:
    """Purchases of at most `limit` customers, every n-th by one_id; all when they are no more."""
    ids = purchases["one_id"].unique().sort()
    step = -(-ids.len() // limit)
    if step <= 1:
        return purchases
    return purchases.join(ids.gather_every(step).to_frame(), on="one_id", how="semi")


def bought_between(purchases: pl.DataFrame, customers: pl.DataFrame, after: date, until: date) -> tuple[Array, Array]:
    """Purchase days and spend of each customer on days after `after` up to `until`, in the customers' order."""
    later = (
        purchases.filter(pl.col("purchase_date") > after, pl.col("purchase_date") <= until)
        .group_by("one_id")
        .agg(
            n=pl.col("purchase_date").n_unique(),
            spend=(pl.col("net_amount_cny") * _UNIT).round().cast(pl.Int64).sum(),
        )
    )
    found = customers.select("one_id").join(later, on="one_id", how="left", maintain_order="left").fill_null(0)
    return found["n"].to_numpy().astype(float), found["spend"].to_numpy() / _UNIT


def valid_days(purchases: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """One row a customer and day with its value in `units`, sorted by both; raises as `summarise` does."""
    missing = [c for c in COLUMNS if c not in purchases.columns]
    if missing:
        raise ValueModelError(f"Purchases lack the column {missing[0]}; give {', '.join(COLUMNS)}.")
    rows = purchases.select(COLUMNS)
    amount = pl.col("net_amount_cny").cast(pl.Float64)
    bad = rows.filter(
        pl.any_horizontal(pl.col(COLUMNS).is_null()) | ~(amount.is_finite() & (amount > 0)).fill_null(False)
    ).height
    if bad:
        raise ValueModelError(
            f"{bad} purchases have no customer, no date, or a net amount that is not above 0; "
            "give valid purchases only (customer.purchase_day)."
        )
    return (
        rows.filter(pl.col("purchase_date") <= as_of)
        .with_columns(units=(amount * _UNIT).round().cast(pl.Int64).clip(lower_bound=1))
        .group_by("one_id", "purchase_date")
        .agg(pl.col("units").sum())
        .sort("one_id", "purchase_date")
    )


def closed_gate(history: CustomerHistory, config: ValueConfig) -> str | None:
    """Why no model may be fitted on this history, as one sentence; None when one may."""
    customers = history.customers
    n, repeat = customers.height, customers.filter(pl.col("frequency") >= 1).height
    idle = (history.as_of - history.last_date).days if history.last_date else 0
    findings = {
        f"{n:,} customers have a purchase, {config.min_customers:,} are needed": n < config.min_customers,
        f"{repeat:,} customers bought again, {config.min_repeat_customers:,} are needed": repeat
        < config.min_repeat_customers,
        f"purchases reach back {history.days:,} days, {config.min_history_days:,} are needed": history.days
        < config.min_history_days,
        f"the last purchase is {idle:,} days old, {config.max_days_since_purchase:,} are allowed": idle
        > config.max_days_since_purchase,
        "no customer has 3 purchases": not customers.filter(pl.col("n_purchases") >= 3).height,
    }
    found = [text for text, is_closed in findings.items() if is_closed]
    return "No value scores: " + "; ".join(found) + "." if found else None


def distinct_histories(history: CustomerHistory, season: Season = FLAT) -> tuple[Histories, Array, Clock]:
    """The distinct (frequency, recency, age) with their counts, each customer's row in them, and the clock.

    Times are operational days; with a flat season those are calendar days.
    """
    clock = Clock(season, history.as_of, history.days)
    keys = ["frequency", "recency_days", "age_days"]
    counted = history.customers.group_by(keys).len("weight").sort(keys).with_row_index("row")
    rows = history.customers.join(counted, on=keys, how="left", maintain_order="left")["row"].to_numpy()
    x, recency, age, weight = (counted[c].to_numpy().astype(float) for c in (*keys, "weight"))
    first, last = clock.at(-age), clock.at(recency - age)
    # A lull can make a day next to nothing, never nothing.
    since = np.where(x > 0, np.maximum(last - first, 1e-6), 0.0)
    before, until, n = (history.gaps[c].to_numpy().astype(float) for c in ("before", "until", "n"))
    gaps = np.maximum(clock.at(-until) - clock.at(-before), 1e-6)
    return Histories(x, since, -first, weight, float((n * np.log(gaps)).sum())), rows, clock
