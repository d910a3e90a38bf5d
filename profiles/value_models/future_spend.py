"""What a future purchase is worth beside what Gamma-Gamma says: learnt from what came in inner windows.

Gamma-Gamma takes every purchase of a customer for a draw from one distribution. A brand whose first sale is an
appliance and whose later ones are its filters sells otherwise; here the next purchase is regressed on what
Gamma-Gamma says, on the last purchase, and on whether it was the only one.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from profiles.value_models.quadrature import Array

# Buying customers that the belief "as Gamma-Gamma says" weighs as much as, for each slope.
_PRIOR_BUYERS: Final = 10.0
_MIN_BUYERS: Final = 50
_MOST: Final = 20.0
# A gift for a cent says no more than a very cheap purchase.
_LAST_WITHIN: Final = 3.0


@dataclass(frozen=True)
class FutureSpend:
    """Logarithm of the factor on Gamma-Gamma's expectation: level + slopes x centred features.

    Attributes:
        level: at the means of the features.
        slopes: by log expectation, log (last value / expectation), and being a one-time buyer.
        centre: means of the features.
        low: least of each feature seen; beyond it the factor stays.
        high: greatest.
    """

    level: float = 0.0
    slopes: tuple[float, ...] = (0.0, 0.0, 0.0)
    centre: tuple[float, ...] = (0.0, 0.0, 0.0)
    low: tuple[float, ...] = (0.0, 0.0, 0.0)
    high: tuple[float, ...] = (0.0, 0.0, 0.0)

    def factor(self, expected: Array, last: Array, n: Array) -> Array:
        """Factor for customers with an expected value, a last purchase's value, and n purchases."""
        if self == AS_EXPECTED:
            return np.ones_like(expected)
        x = np.clip(features(expected, last, n), self.low, self.high)
        log = self.level + ((x - np.asarray(self.centre)) * np.asarray(self.slopes)).sum(axis=1)
        return np.exp(np.clip(log, -np.log(_MOST), np.log(_MOST)))


AS_EXPECTED: Final = FutureSpend()


def features(expected: Array, last: Array, n: Array) -> Array:
    """What the factor hangs on, shape (customers, 3)."""
    return np.column_stack(
        [
            np.log(expected),
            np.clip(np.log(last / expected), -_LAST_WITHIN, _LAST_WITHIN),
            (n == 1).astype(float),
        ]
    )


def learn(expected: Array, last: Array, n: Array, bought: Array, spent: Array) -> FutureSpend:
    """Fit by quasi-Poisson regression with a logarithmic link, each customer weighing as what was expected of them.

    Args:
        expected: Gamma-Gamma's expectation of each customer as of the start of their window.
        last: value of their last purchase then.
        n: purchases then.
        bought: purchases in the window.
        spent: their value.
    """
    buys = bought > 0
    if buys.sum() < _MIN_BUYERS:
        return AS_EXPECTED
    x = features(expected[buys], last[buys], n[buys])
    # Weighed by what was expected, so that what was spent in the windows is met in total.
    ratio = spent[buys] / (bought[buys] * expected[buys])
    weight = bought[buys] * expected[buys] / expected[buys].mean()
    centre = np.average(x, axis=0, weights=weight)
    design = np.column_stack([np.ones(len(x)), x - centre])
    dispersion = max(float(np.average((ratio - np.average(ratio, weights=weight)) ** 2, weights=weight)), 1e-6)
    penalty = np.array([1.0, *(_PRIOR_BUYERS * np.maximum(x.var(axis=0), 1e-3))]) * dispersion
    beta = np.array([np.log(np.average(ratio, weights=weight)), *np.zeros(x.shape[1])])
    for _ in range(50):
        mean = np.exp(np.clip((design * beta).sum(axis=1), -20.0, 20.0))
        slope = (design * (weight * (ratio - mean))[:, None]).sum(axis=0) - penalty * beta
        information = np.einsum("ni,n,nj->ij", design, weight * mean, design) + np.diag(penalty)
        step = np.linalg.solve(information, slope)
        beta = beta + np.clip(step, -1.0, 1.0)
        if np.abs(step).max() < 1e-9:
            break
    numbers = [tuple(float(f"{v:.9e}") for v in part) for part in (beta[1:], centre, x.min(axis=0), x.max(axis=0))]
    return FutureSpend(float(f"{beta[0]:.9e}"), *numbers)
