"""How customers buy and stop buying: the MBG/CNBD-k model (Platzer and Reutterer 2017) and its fit.

Times between purchases are Erlang-k with a customer's own rate, rate ~ Gamma(r, alpha); after every
purchase the customer leaves for good with probability p ~ Beta(a, b). k = 1 is MBG/NBD (Batislam et al.
2007). What a fitted model says of the future is in `predictions`.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import OptimizeResult, minimize
from scipy.special import digamma, expit, gammaln

from profiles.value_models.errors import ValueModelError
from profiles.value_models.quadrature import Array

# log r, log alpha, logit phi, log kappa. Wide enough for any customer base; they keep every term finite on
# the ridges where the data cannot tell a parameter from infinity.
_BOUNDS: Final = [(-9.0, 9.0), (-12.0, 18.0), (-12.0, 12.0), (-7.0, 12.0)]


@dataclass(frozen=True)
class Histories:
    """Purchase histories, one entry for each distinct (frequency, recency, age), counted by `weight`.

    Attributes:
        frequency: repeat purchases x.
        recency: time from first to last purchase t_x, 0 for x = 0.
        age: time from first purchase to the end of observation T, in the same unit.
        weight: customers with exactly this history.
        sum_log_gaps: sum over all customers of log(time between purchases); tells k = 1, 2, 3 apart.
    """

    frequency: Array
    recency: Array
    age: Array
    weight: Array
    sum_log_gaps: float = 0.0

    def __post_init__(self) -> None:
        """Raises ValueModelError when a history is impossible: better no model than a wrong one."""
        columns = (self.frequency, self.recency, self.age, self.weight)
        if len({c.shape for c in columns}) != 1 or not self.frequency.size:
            raise ValueModelError("Purchase histories need four columns of one length with at least one row.")
        if not all(np.isfinite(c).all() for c in columns) or not np.isfinite(self.sum_log_gaps):
            raise ValueModelError("Purchase histories hold a missing or infinite number; remove such rows first.")
        checks = {
            "frequency is negative": self.frequency < 0,
            "recency is later than age": self.recency > self.age,
            "recency is not above 0 although frequency is": (self.frequency > 0) & (self.recency <= 0),
            "recency is not 0 although frequency is": (self.frequency == 0) & (self.recency != 0),
            "weight is not above 0": self.weight <= 0,
        }
        for problem, rows in checks.items():
            if rows.any():
                raise ValueModelError(f"{problem} in {int(rows.sum())} purchase histories; check their dates.")


@dataclass(frozen=True)
class PurchaseModel:
    """Parameters of a fitted (M)BG/CNBD-k.

    Attributes:
        k: Erlang shape of the time between purchases; the larger, the more regular.
        r: shape of the Gamma distribution of rates.
        alpha: its rate, in the unit of time of the histories.
        a: first shape of the Beta distribution of the dropout probability.
        b: its second shape.
        dropout_at_first: True is MBG (one-time buyers may have left), False is BG.
        log_likelihood: at these parameters, with the terms that depend on k.
        is_converged: the optimiser met its own criterion.
    """

    k: int
    r: float
    alpha: float
    a: float
    b: float
    dropout_at_first: bool = True
    log_likelihood: float = float("nan")
    is_converged: bool = True

    @property
    def kind(self) -> str:
        """The model's name in the literature."""
        family = "MBG" if self.dropout_at_first else "BG"
        return f"{family}/NBD" if self.k == 1 else f"{family}/CNBD-{self.k}"

    def chances(self, frequency: Array) -> Array:
        """Times a customer alive at the end has survived the chance to leave."""
        return frequency + 1.0 if self.dropout_at_first else frequency


def erlang_tail(k: int, shape: Array, share: Array) -> tuple[Array, Array, Array]:
    """Sum over j < k of (shape)_j share^j / j!, with its derivatives by shape and by share.

    `shape` is r + k x and `share` (T - t_x)/(alpha + T). The sum weighs how far into an Erlang gap the
    customer is.
    """
    if k == 1:
        return np.ones_like(share), np.zeros_like(share), np.zeros_like(share)
    if k == 2:
        return 1.0 + shape * share, share, shape
    half = 0.5 * shape * (shape + 1.0)
    return (
        1.0 + shape * share + half * share**2,
        share + (shape + 0.5) * share**2,
        shape + 2.0 * half * share,
    )


class _Likelihood:
    """Log-likelihood and gradient by (r, alpha, a, b); gamma functions once for each distinct frequency."""

    def __init__(self, histories: Histories, k: int, dropout_at_first: bool) -> None:
        self.h, self.k = histories, k
        self.distinct, self.index = np.unique(histories.frequency, return_inverse=True)
        self.counts = np.bincount(self.index, weights=histories.weight)
        self.chances = self.distinct + (1.0 if dropout_at_first else 0.0)
        self.can_be_gone = self.chances > 0
        self.n = float(histories.weight.sum())
        n_gaps = float((histories.weight * histories.frequency).sum())
        # Terms without parameters: the density of the gaps themselves. They decide between k, not within one.
        self.constant = (k - 1) * histories.sum_log_gaps - n_gaps * gammaln(k)

    def __call__(self, r: float, alpha: float, a: float, b: float) -> tuple[float, Array]:
        h, c, counts = self.h, self.chances, self.counts
        shapes = r + self.k * self.distinct
        by_frequency = (
            gammaln(b + c) - gammaln(a + b + c) - gammaln(b) + gammaln(a + b) + gammaln(shapes) - gammaln(r)
        ) + r * np.log(alpha)
        safe = np.where(self.can_be_gone, b + c - 1.0, 1.0)
        log_odds_gone = np.where(self.can_be_gone, np.log(a) - np.log(safe), -np.inf)

        shape = shapes[self.index]
        log_recency, log_age = np.log(alpha + h.recency), np.log(alpha + h.age)
        share = (h.age - h.recency) / (alpha + h.age)
        tail, tail_by_shape, tail_by_share = erlang_tail(self.k, shape, share)
        gone = log_odds_gone[self.index] - shape * log_recency
        alive = np.log(tail) - shape * log_age
        either = np.logaddexp(gone, alive)
        value = (counts * by_frequency).sum() + (h.weight * either).sum() + self.constant

        p_gone = np.exp(gone - either) * h.weight
        p_alive = h.weight - p_gone
        gone_by_frequency = np.bincount(self.index, weights=p_gone, minlength=c.size)
        shared = digamma(a + b) - digamma(a + b + c)
        gradient = np.array(
            [
                (counts * (digamma(shapes) - digamma(r))).sum()
                + self.n * np.log(alpha)
                - (p_gone * log_recency).sum()
                + (p_alive * (tail_by_shape / tail - log_age)).sum(),
                self.n * r / alpha
                - (p_gone * shape / (alpha + h.recency)).sum()
                - (p_alive * (shape + share * tail_by_share / tail) / (alpha + h.age)).sum(),
                (counts * shared).sum() + gone_by_frequency.sum() / a,
                (counts * (digamma(b + c) - digamma(b) + shared)).sum() - (gone_by_frequency / safe).sum(),
            ]
        )
        return float(value), gradient


def log_likelihood(model: PurchaseModel, histories: Histories) -> float:
    """Log-likelihood of the histories under a model with given parameters."""
    return _Likelihood(histories, model.k, model.dropout_at_first)(model.r, model.alpha, model.a, model.b)[0]


def has_converged(found: OptimizeResult, bounds: list[tuple[float, float]]) -> bool:
    """Whether L-BFGS-B met its criterion, or stopped in a line search where nothing was left to gain.

    Nothing left: the gradient by customer, without what points out of the bounds, is below 1e-4 per unit of the
    logarithm of a parameter.
    """
    low, high = np.array(bounds).T
    projected = found.x - np.clip(found.x - found.jac, low, high)
    return bool(found.success) or float(np.abs(projected).max()) < 1e-4


def fit(histories: Histories, k: int = 1, *, dropout_at_first: bool = True, prior_weight: float = 1.0) -> PurchaseModel:
    """Fit one model by maximum posterior.

    The prior is the standard logistic on logit(phi) and on log(kappa), phi = a/(a+b) the mean dropout
    probability and kappa = a+b how alike customers are in it: uniform phi, and kappa of order 1 with a long
    tail. It weighs as little as one customer, and decides only where the data leave a ridge (dropout the
    same for all, or none at all).

    Args:
        histories: what to fit on.
        k: Erlang shape, 1, 2 or 3.
        dropout_at_first: False fits BG/CNBD-k.
        prior_weight: 0 is plain maximum likelihood.

    Returns:
        The model; its log-likelihood does not include the prior.

    Raises:
        ValueModelError: k is none of 1, 2, 3.
    """
    if k not in (1, 2, 3):
        raise ValueModelError(f"k = {k} is not offered; use 1, 2 or 3.")
    likelihood = _Likelihood(histories, k, dropout_at_first)

    def objective(theta: Array) -> tuple[float, Array]:
        r, alpha, kappa = np.exp(theta[[0, 1, 3]])
        phi = expit(theta[2])
        a, b = phi * kappa, expit(-theta[2]) * kappa
        value, by = likelihood(r, alpha, a, b)
        spread = a * b / kappa
        gradient = np.array([by[0] * r, by[1] * alpha, (by[2] - by[3]) * spread, by[2] * a + by[3] * b])
        share = expit(theta[3])
        value += prior_weight * (np.log(phi) + np.log1p(-phi) + np.log(share) + np.log1p(-share))
        gradient[2] += prior_weight * (1.0 - 2.0 * phi)
        gradient[3] += prior_weight * (1.0 - 2.0 * share)
        return -value / likelihood.n, -gradient / likelihood.n

    weight, repeats = histories.weight, (histories.weight * histories.frequency).sum()
    rate = max(float(repeats), 1.0) / max(float((weight * histories.age).sum()), 1e-9)
    r = 0.6
    start = np.array([np.log(r), np.log(r * k / rate), -0.5, np.log(2.0)])
    bounds = np.array(_BOUNDS)
    found = minimize(
        objective,
        np.clip(start, bounds[:, 0], bounds[:, 1]),
        jac=True,
        method="L-BFGS-B",
        bounds=_BOUNDS,
        options={"maxiter": 500, "maxfun": 1000, "ftol": 1e-13, "gtol": 1e-8, "maxcor": 10},
    )
    # Ten digits: the published parameters then are exactly those that the scores were made with.
    r, alpha, kappa = (float(f"{v:.9e}") for v in np.exp(found.x[[0, 1, 3]]))
    a, b = (float(f"{v:.9e}") for v in (expit(found.x[2]) * kappa, expit(-found.x[2]) * kappa))
    value, _ = likelihood(r, alpha, a, b)
    return PurchaseModel(k, r, alpha, a, b, dropout_at_first, value, has_converged(found, _BOUNDS))


def fit_best(
    histories: Histories, ks: tuple[int, ...] = (1, 2, 3), *, prior_weight: float = 1.0
) -> list[PurchaseModel]:
    """Fit MBG/CNBD-k for each k, the likeliest first: all have four parameters, so likelihoods compare."""
    models = [fit(histories, k, prior_weight=prior_weight) for k in ks]
    return sorted(models, key=lambda m: (-m.log_likelihood, m.k))
