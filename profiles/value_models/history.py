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
class PurchaseDays:
    """Valid purchases, one row a customer and day, with customers as numbers.

    Attributes:
        ids: every customer's one_id; a customer's number is its place.
        rows: customer, purchase_date, units (1/10,000 yuan), by the first two.
    """

    ids: pl.Series
    rows: pl.DataFrame

    def until(self, day: date) -> "PurchaseDays":
        """The purchases up to a day, inclusive."""
        return PurchaseDays(self.ids, self.rows.filter(pl.col("purchase_date") <= day))

    def sample(self, limit: int) -> "PurchaseDays":
        """The purchases of at most `limit` customers, every n-th by one_id; all when they are no more."""
        customers = self.rows["customer"]
        starts = (customers != customers.shift()).fill_null(True)
        step = -(-int(starts.sum()) // limit)
        if step <= 1:
            return self
        place = starts.cast(pl.UInt32).cum_sum() - 1
        return PurchaseDays(self.ids, self.rows.filter(place % step == 0))

    def between(self, customers: pl.Series, after: date, until: date) -> tuple[Array, Array]:
        """Purchase days and spend in yuan of each of `customers` on days after `after` up to `until`."""
        later = self.rows.filter(pl.col("purchase_date") > after, pl.col("purchase_date") <= until)
        who, size = later["customer"].to_numpy(), self.ids.len()
        n = np.bincount(who, minlength=size)[customers.to_numpy()]
        # Whole numbers below 2^53 add up exactly whatever their order.
        units = np.bincount(who, weights=later["units"].to_numpy(), minlength=size)[customers.to_numpy()]
        return n.astype(float), units / _UNIT


@dataclass(frozen=True)
class CustomerHistory:
    """Purchases up to the as-of date, by customer.

    Attributes:
        customers: customer (its number), frequency, recency_days, age_days, n_purchases, mean_value_cny,
            last_value_cny, history_value_cny; by customer.
        gaps: before and until (days before the as-of date) of each pair of consecutive purchases, and how many
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

    def spending(self) -> tuple[Array, Array, Array]:
        """Purchases of each customer, their mean value and the last one's, in yuan."""
        n, mean, last = (self.customers[c] for c in ("n_purchases", "mean_value_cny", "last_value_cny"))
        return n.to_numpy().astype(float), mean.to_numpy(), last.to_numpy()


def purchase_days(purchases: pl.DataFrame) -> PurchaseDays:
    """Valid purchases by customer and day; several on one day count once.

    Args:
        purchases: columns one_id, purchase_date, net_amount_cny (> 0), in any order.

    Raises:
        ValueModelError: a column is missing, or a value is missing, infinite or not above 0.
    """
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
    ids = rows["one_id"].unique().sort()
    numbered = rows.join(ids.to_frame().with_row_index("customer"), on="one_id", how="left")
    days = (
        numbered.select("customer", "purchase_date", units=(amount * _UNIT).round().cast(pl.Int64).clip(lower_bound=1))
        .group_by("customer", "purchase_date")
        .agg(pl.col("units").sum())
        .sort("customer", "purchase_date")
    )
    return PurchaseDays(ids, days)


def summarise(days: PurchaseDays, as_of: date) -> CustomerHistory:
    """Purchases by customer as of a date; later purchases are left out."""
    rows = days.rows.filter(pl.col("purchase_date") <= as_of)
    # The rows are sorted by customer, so plain shifts and boundaries do what grouping does in ten times the time.
    who, units = rows["customer"].to_numpy(), rows["units"].to_numpy()
    ago = (np.datetime64(as_of) - rows["purchase_date"].to_numpy().astype("datetime64[D]")).astype(np.int64)
    starts = np.flatnonzero(np.append(True, who[1:] != who[:-1])) if who.size else np.zeros(0, dtype=np.int64)
    ends = np.append(starts[1:], who.size) - 1 if who.size else starts
    n = ends - starts + 1
    value = (np.add.reduceat(units, starts) if who.size else units) / _UNIT
    is_repeat = np.ones(who.size, dtype=bool)
    is_repeat[starts] = False
    repeat = np.flatnonzero(is_repeat)
    gaps = pl.DataFrame({"before": ago[repeat - 1], "until": ago[repeat]})
    return CustomerHistory(
        customers=pl.DataFrame(
            {
                "customer": who[starts],
                "frequency": n - 1,
                "recency_days": ago[starts] - ago[ends],
                "age_days": ago[starts],
                "n_purchases": n,
                "mean_value_cny": value / n,
                "last_value_cny": units[ends] / _UNIT,
                "history_value_cny": value,
            }
        ),
        gaps=gaps.group_by("before", "until").len("n").sort("before", "until"),
        repeats=rows["purchase_date"].gather(repeat),
        first_date=rows["purchase_date"].min(),  # type: ignore[arg-type]  # of a Date column
        last_date=rows["purchase_date"].max(),  # type: ignore[arg-type]  # of a Date column
        as_of=as_of,
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
    parts = [history.customers[c].to_numpy().astype(np.int64) for c in ("frequency", "recency_days", "age_days")]
    # The three in one number: days fit into 2^20, and sorting numbers is quicker than joining rows.
    packed = (parts[0] << 40) | (parts[1] << 20) | parts[2]
    distinct, rows, weight = np.unique(packed, return_inverse=True, return_counts=True)
    low = (1 << 20) - 1
    x, recency, age = (part.astype(float) for part in (distinct >> 40, (distinct >> 20) & low, distinct & low))
    first, last = clock.at(-age), clock.at(recency - age)
    # A lull can make a day next to nothing, never nothing.
    since = np.where(x > 0, np.maximum(last - first, 1e-6), 0.0)
    before, until, n = (history.gaps[c].to_numpy().astype(float) for c in ("before", "until", "n"))
    gaps = np.maximum(clock.at(-until) - clock.at(-before), 1e-6)
    return Histories(x, since, -first, weight.astype(float), float((n * np.log(gaps)).sum())), rows, clock
