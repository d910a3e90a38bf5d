"""Rates of many units, each drawn towards what units of its kind ordinarily reach: empirical Bayes, beta-binomial.

A store with three receipts says little of itself, one with three thousand says nearly everything. Which rates are
worth comparing, and of which stores, is the caller's matter.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from scipy.optimize import minimize
from scipy.special import betaln
from scipy.stats import beta

# Fewer units than this say little of how units differ: all units of the rate together are then the prior.
MIN_GROUP: Final = 8
# A prior may weigh as little as one trial and as much as ten million, where units do not differ at all.
_LOG_WEIGHT: Final = (0.0, math.log(1e7))
_LOGIT: Final = 14.0
SHRUNK_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "prior_scope": pl.String,  # group | all
    "prior_mean": pl.Float64,
    "prior_weight": pl.Float64,
    "raw_rate": pl.Float64,
    "shrunk_rate": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "group_rate": pl.Float64,
    "rank_in_group": pl.Int64,
    "n_in_group": pl.Int64,
    "flag": pl.String,  # above | below; null where the interval holds the group's rate
}


@dataclass(frozen=True)
class BetaPrior:
    """How a rate is spread over units: Beta(mean × weight, (1 − mean) × weight); `weight` counts in trials."""

    mean: float
    weight: float

    @property
    def a(self) -> float:
        """First parameter."""
        return self.mean * self.weight

    @property
    def b(self) -> float:
        """Second parameter."""
        return (1.0 - self.mean) * self.weight


def fit_prior(successes: np.ndarray, trials: np.ndarray) -> BetaPrior | None:
    """The beta distribution of a rate among units.

    Beta-binomial likelihood with the weak prior p(a, b) ∝ (a + b)^(-5/2) of Gelman et al., Bayesian Data Analysis,
    3rd edition, section 5.3, which keeps the weight finite where units do not differ, and the mean off 0 and 1;
    started from the moments.

    Args:
        successes: of each unit, 0 to its trials.
        trials: of each unit; units without trials say nothing.

    Returns:
        None where no unit has a trial.
    """
    seen = trials > 0
    s, n = successes[seen].astype(float), trials[seen].astype(float)
    if not len(n):
        return None
    mean = float((s.sum() + 0.5) / (n.sum() + 1.0))

    def loss(point: np.ndarray) -> float:
        centre, log_weight = 1.0 / (1.0 + math.exp(-point[0])), float(point[1])
        a, b = centre * math.exp(log_weight), (1.0 - centre) * math.exp(log_weight)
        # In (logit of the centre, log weight) that prior reads centre * (1 - centre) / sqrt(weight).
        weak = math.log(centre) + math.log1p(-centre) - 0.5 * log_weight
        return float(-weak - np.sum(betaln(a + s, b + n - s) - betaln(a, b)))

    start = np.array([math.log(mean / (1.0 - mean)), math.log(_weight_by_moments(s, n, mean))])
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(-_LOGIT, _LOGIT), _LOG_WEIGHT])
    best = found.x if found.fun <= loss(start) else start
    return BetaPrior(1.0 / (1.0 + math.exp(-float(best[0]))), math.exp(float(best[1])))


def _weight_by_moments(s: np.ndarray, n: np.ndarray, mean: float) -> float:
    """Weight of the prior from how much more the rates vary than chance alone would have them (Kleinman 1973)."""
    low, high = math.exp(_LOG_WEIGHT[0]), math.exp(_LOG_WEIGHT[1])
    units, spread = len(n), mean * (1.0 - mean)
    room = n.sum() - (n**2).sum() / n.sum()
    if units < 2 or room <= 0:
        return float(np.clip(n.sum(), low, high))
    excess = float((n * (s / n - mean) ** 2).sum()) - spread * (units - 1)
    overdispersion = excess / (spread * (room - (units - 1))) if room > units - 1 else 0.0
    return float(np.clip(1.0 / overdispersion - 1.0, low, high)) if overdispersion > 0 else high / 1e3


def shrink_rates(
    units: pl.DataFrame, *, rate: list[str], group: str, unit: str, level: float = 0.95, min_group: int = MIN_GROUP
) -> pl.DataFrame:
    """Each unit's rate drawn towards its kind, with an interval, its rank, and a flag where it truly stands out.

    Args:
        units: one row per unit and rate: the columns named below, `n_successes` of `n_trials`.
        rate: columns that name the rate; units of one rate alone are compared.
        group: column with the kind of unit; ranks and flags are within a kind.
        unit: column that names the unit, for ties.
        level: of the equal-tailed posterior interval.
        min_group: kinds with fewer units that have trials take their prior from all units of the rate.

    Returns:
        `units` with the columns of `SHRUNK_SCHEMA`, ordered by rate, group and unit. `group_rate` is successes by
        trials of the whole kind. Rank 1 is the highest shrunk rate. Units without trials have the prior for a rate
        and no rank; where nobody has trials all is null.
    """
    frames = [
        _with_flags(_shrunk(part, group, level, min_group), group, unit)
        for _, part in units.sort(*rate, group, unit).group_by(rate, maintain_order=True)
    ]
    empty = units.clear().with_columns(pl.lit(None, kind).alias(name) for name, kind in SHRUNK_SCHEMA.items())
    return pl.concat([empty, *frames]).sort(*rate, group, unit)


def _shrunk(part: pl.DataFrame, group: str, level: float, min_group: int) -> pl.DataFrame:
    s, n = part["n_successes"].to_numpy(), part["n_trials"].to_numpy()
    kinds = part[group].to_numpy()
    everyone = fit_prior(s, n)
    mean, weight = np.full(len(s), np.nan), np.full(len(s), np.nan)
    scope = np.full(len(s), "all", dtype=object)
    for kind in dict.fromkeys(kinds):
        own = kinds == kind
        is_enough = int((n[own] > 0).sum()) >= min_group
        prior = fit_prior(s[own], n[own]) if is_enough else everyone
        if prior is not None:
            mean[own], weight[own] = prior.mean, prior.weight
        scope[own] = "group" if is_enough else "all"
    a, b = mean * weight + s, (1.0 - mean) * weight + n - s
    tail = (1.0 - level) / 2.0
    columns = {
        "prior_scope": pl.Series(scope.tolist(), dtype=pl.String),
        "prior_mean": mean,
        "prior_weight": weight,
        "raw_rate": np.divide(s, n, out=np.full(len(s), np.nan), where=n > 0),
        "shrunk_rate": a / (a + b),
        "low": beta.ppf(tail, a, b),
        "high": beta.ppf(1.0 - tail, a, b),
    }
    numbers = [name for name in columns if name != "prior_scope"]
    return part.with_columns(**{name: pl.Series(name, values) for name, values in columns.items()}).with_columns(
        pl.col(numbers).fill_nan(None)
    )


def _with_flags(part: pl.DataFrame, group: str, unit: str) -> pl.DataFrame:
    trials = pl.col("n_trials")
    has = trials > 0
    successes, all_trials = pl.col("n_successes").sum().over(group), trials.sum().over(group)
    found = part.with_columns(
        group_rate=pl.when(all_trials > 0).then(successes / all_trials),
        n_in_group=has.sum().over(group).cast(pl.Int64),
    )
    ranked = found.filter(has).sort("shrunk_rate", unit, descending=[True, False])
    ranks = ranked.select(group, unit, rank_in_group=pl.int_range(1, pl.len() + 1).over(group).cast(pl.Int64))
    return found.join(ranks, on=[group, unit], how="left", maintain_order="left").select(
        *part.columns,
        "group_rate",
        "rank_in_group",
        "n_in_group",
        flag=pl.when(has & (pl.col("low") > pl.col("group_rate")))
        .then(pl.lit("above"))
        .when(has & (pl.col("high") < pl.col("group_rate")))
        .then(pl.lit("below")),
    )
