"""When the appliances that people own are due for replacement: Weibull life by category, conditional on age.

The life is the brand's setting until 100 replacements have been observed; then it is fitted on the closed
and the open gaps between purchases of the category.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import brentq

from profiles.thresholds import closed_gaps

Array = NDArray[np.float64]

MIN_REPLACEMENTS: Final = 100
# Two of a kind within half a year are two of a kind (a second bathroom), not a replacement.
SAME_HOUSEHOLD_DAYS: Final = 180
_YEAR: Final = 365.25
_SHAPES: Final = (0.3, 20.0)
DURABLE_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "one_id": pl.String,
    "category": pl.String,
    "last_purchase_date": pl.Date,
    "age_days": pl.Int64,
    "window_from": pl.Date,  # when 25 % and 75 % of all such appliances have been replaced
    "window_to": pl.Date,
    "due_from": pl.Date,  # the same of those that have reached this one's age: when its replacement is to be expected
    "due_to": pl.Date,
    "status": pl.String,  # not_due | window | overdue: the as-of date before, within, after the window
    "p_replace_12m": pl.Float64,
}
LIFE_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "category": pl.String,
    "n_owned": pl.Int64,
    "n_replacements": pl.Int64,
    "median_years": pl.Float64,
    "shape": pl.Float64,
    "source": pl.String,  # measured | configured
}


@dataclass(frozen=True)
class Life:
    """A Weibull distribution of life in years."""

    shape: float
    scale: float

    @classmethod
    def from_median(cls, median_years: float, shape: float) -> "Life":
        """The distribution with this median and shape."""
        return cls(shape, median_years / np.log(2.0) ** (1.0 / shape))

    @property
    def median_years(self) -> float:
        """Half of all lives are shorter."""
        return float(self.scale * np.log(2.0) ** (1.0 / self.shape))

    def quantile(self, q: float, age: Array | float = 0.0) -> Any:
        """Age in years that a share `q` of those that reached `age` do not outlive."""
        return self.scale * ((np.asarray(age) / self.scale) ** self.shape - np.log1p(-q)) ** (1.0 / self.shape)

    def p_end_within(self, years: float, age: Array) -> Array:
        """P(life ends within `years` | it reached `age`): 1 - S(age + years)/S(age)."""
        hazard = ((age + years) / self.scale) ** self.shape - (age / self.scale) ** self.shape
        return -np.expm1(-hazard)


@dataclass(frozen=True)
class Replacement:
    """What `replacement_due` gives back: `durable` by one_id and category, and the `life` used for each category."""

    durable: pl.DataFrame
    life: pl.DataFrame


def replacement_due(purchases: pl.DataFrame, categories: pl.DataFrame, as_of: date) -> Replacement:
    """Replacement windows of the durables that people own.

    Args:
        purchases: one_id, category, purchase_date of valid purchases that were kept, as in
            customer.category_purchase_day; other categories than durables are left out.
        categories: as from `profiles.categories.load_categories`.
        as_of: later purchases are left out.
    """
    durables = categories.filter("is_durable").select("category", "life_years_median", "life_shape").sort("category")
    bought = purchases.filter(pl.col("purchase_date") <= as_of, pl.col("one_id").is_not_null()).join(
        durables.select("category"), on="category", how="semi"
    )
    owned = (
        bought.group_by("one_id", "category")
        .agg(last_purchase_date=pl.col("purchase_date").max())
        .with_columns(age_days=(pl.lit(as_of) - pl.col("last_purchase_date")).dt.total_days())
        .sort("category", "one_id")
    )
    gaps = closed_gaps(bought, as_of).filter(pl.col("gap_days") >= SAME_HOUSEHOLD_DAYS)
    frames, lives = [pl.DataFrame(schema=DURABLE_SCHEMA)], []
    for category, median, shape in durables.iter_rows():
        mine = owned.filter(pl.col("category") == category)
        if not mine.height:
            continue
        closed = gaps.filter(pl.col("category") == category)["gap_days"].to_numpy() / _YEAR
        life = Life.from_median(median, shape)
        source = "configured"
        if closed.size >= MIN_REPLACEMENTS:
            life, source = fit_life(closed, mine["age_days"].to_numpy() / _YEAR), "measured"
        lives.append((category, mine.height, closed.size, round(life.median_years, 4), round(life.shape, 4), source))
        frames.append(_due(mine, life))
    table = pl.DataFrame(lives, schema=LIFE_SCHEMA, orient="row")
    return Replacement(pl.concat(frames).sort("one_id", "category"), table)


def fit_life(replaced: Array, running: Array) -> Life:
    """Maximum likelihood for ages at replacement and ages still running (right-censored), in years, the
    first > 0.

    Given the shape, the scale is known in closed form, which leaves one equation in the shape with one root.
    """
    unit = float(replaced.max())
    # An age of zero has no logarithm and, being censored at once, tells nothing.
    ages = np.concatenate([replaced, running[running > 0]]) / unit
    logs, mean_log = np.log(ages), float(np.log(replaced / unit).mean())

    def excess(shape: float) -> float:
        weights = np.exp(shape * (logs - logs.max()))
        return float((weights * logs).sum() / weights.sum() - 1.0 / shape - mean_log)

    low, high = _SHAPES
    if excess(low) > 0 or excess(high) < 0:
        shape = low if excess(low) > 0 else high
    else:
        shape = float(brentq(excess, low, high, xtol=1e-9))
    scale = float(((ages**shape).sum() / replaced.size) ** (1.0 / shape)) * unit
    return Life(shape, scale)


def _due(owned: pl.DataFrame, life: Life) -> pl.DataFrame:
    age = owned["age_days"].to_numpy() / _YEAR
    start = np.zeros_like(age)
    years = {
        "window_from": life.quantile(0.25, start),
        "window_to": life.quantile(0.75, start),
        "due_from": life.quantile(0.25, age),
        "due_to": life.quantile(0.75, age),
    }
    days = {name: pl.Series(np.ceil(value * _YEAR)).cast(pl.Int64) for name, value in years.items()}
    return (
        owned.with_columns(p_replace_12m=pl.Series(life.p_end_within(1.0, age)).round(6), **days)
        .with_columns(
            status=pl.when(pl.col("age_days") < pl.col("window_from"))
            .then(pl.lit("not_due"))
            .when(pl.col("age_days") <= pl.col("window_to"))
            .then(pl.lit("window"))
            .otherwise(pl.lit("overdue"))
        )
        .with_columns((pl.col("last_purchase_date") + pl.duration(days=pl.col(name))).alias(name) for name in days)
        .select(pl.col(name).cast(kind) for name, kind in DURABLE_SCHEMA.items())
    )
