"""What a purchase is worth: the Gamma-Gamma model of spend (Fader and Hardie 2013) and its fit.

Feed it all purchases of a customer, the first one too: fed repeat purchases only, every one-time buyer gets
the mean.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

from profiles.value_models.errors import ValueModelError
from profiles.value_models.purchase_process import has_converged
from profiles.value_models.quadrature import Array

# log p, log (q - 1), log v with spend in units of its mean. q > 1 keeps the mean of the population finite.
_BOUNDS: Final = [(-6.0, 9.0), (-6.0, 9.0), (-9.0, 12.0)]


@dataclass(frozen=True)
class SpendModel:
    """Parameters of a Gamma-Gamma: spend ~ Gamma(p, nu), nu ~ Gamma(q, v); v in the spend's currency."""

    p: float
    q: float
    v: float
    log_likelihood: float = float("nan")
    is_converged: bool = True


def expected_spend(model: SpendModel, n: Array, mean: Array) -> Array:
    """Expected value of a future purchase for customers with `n` purchases of `mean` value so far."""
    return model.p * (model.v + n * mean) / (model.p * n + model.q - 1.0)


def fit(n: Array, mean: Array) -> SpendModel:
    """Fit by maximum likelihood with the analytic gradient.

    Args:
        n: purchases of each customer, >= 1.
        mean: mean value of them, > 0.

    Raises:
        ValueModelError: a value is missing, infinite or not above 0.
    """
    if not n.size or not (np.isfinite(n).all() and np.isfinite(mean).all()):
        raise ValueModelError("Spend needs at least one customer and no missing or infinite values.")
    if (n < 1).any() or (mean <= 0).any():
        raise ValueModelError("Spend needs at least one purchase and a mean value above 0 for every customer.")
    unit = float(mean.mean())
    scaled = mean / unit
    distinct, index = np.unique(n, return_inverse=True)
    counts = np.bincount(index).astype(float)
    spent = n * scaled
    log_spent = np.log(spent)
    # sum of (p n - 1) log z + p n log n, split into the part with p and the part without.
    with_p, without_p = float((n * log_spent).sum()), -float(np.log(scaled).sum())

    def likelihood(p: float, q: float, v: float) -> tuple[float, Array]:
        shapes = p * distinct
        log_total = np.log(spent + v)
        value = (
            (counts * (gammaln(shapes + q) - gammaln(shapes) - gammaln(q))).sum()
            + n.size * q * np.log(v)
            + p * with_p
            + without_p
            - ((p * n + q) * log_total).sum()
        )
        shared = digamma(shapes + q)
        gradient = np.array(
            [
                (counts * distinct * (shared - digamma(shapes))).sum() + with_p - (n * log_total).sum(),
                (counts * (shared - digamma(q))).sum() + n.size * np.log(v) - log_total.sum(),
                n.size * q / v - ((p * n + q) / (spent + v)).sum(),
            ]
        )
        return float(value), gradient

    def objective(theta: Array) -> tuple[float, Array]:
        p, excess, v = np.exp(theta)
        value, by = likelihood(p, 1.0 + excess, v)
        return -value / n.size, -by * np.array([p, excess, v]) / n.size

    found = minimize(
        objective,
        np.log([3.0, 2.0, 1.0]),
        jac=True,
        method="L-BFGS-B",
        bounds=_BOUNDS,
        options={"maxiter": 500, "maxfun": 1000, "ftol": 1e-13, "gtol": 1e-8},
    )
    p, excess, v = np.exp(found.x)
    value, _ = likelihood(p, 1.0 + excess, v)
    p, q, v = (float(f"{number:.9e}") for number in (p, 1.0 + excess, v * unit))
    return SpendModel(p, q, v, value - n.size * float(np.log(unit)), has_converged(found, _BOUNDS))
