"""Customers come back: what the newest past says that the purchase model leaves out.

Dropout is for good in MBG/CNBD-k, so it finds nearly nothing to come from a customer who has been silent for long.
Real ones return. How often is learnt from inner windows: the model is fitted as of earlier days and compared with
what came until the as-of date. Nothing later than the as-of date is used.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import minimize

from profiles.value_models import predictions
from profiles.value_models.purchase_process import Histories, PurchaseModel
from profiles.value_models.quadrature import Array

# What one window's pace may be read between; the ends are its limits.
_PACES: Final = np.array([0.4, 0.55, 0.75, 1.0, 1.35, 1.8, 2.5])
# Purchases that the belief "as the model says" weighs as much as.
_PRIOR_PURCHASES: Final = 20.0


@dataclass(frozen=True)
class Returns:
    """How much faster or slower customers go on than the model says, and how those who left come back.

    Attributes:
        pace: the future runs at this pace, 1 as the model says.
        base_rate: purchases a day of a customer who has left.
        rate_share: added to it, as a share of the rate of repeat purchases while a customer.
        first_base: power by which the chance not to have come back falls with the length of silence.
        first_share: added to it, by that same rate (in purchases per model's scale).
    """

    pace: float = 1.0
    base_rate: float = 0.0
    rate_share: float = 0.0
    first_base: float = 0.0
    first_share: float = 0.0


NO_RETURNS: Final = Returns()


@dataclass(frozen=True)
class Window:
    """An inner window: a model as of an earlier day, and what came between then and the as-of date.

    Attributes:
        model: fitted on the histories.
        histories: distinct ones, counted by weight.
        horizon: length in operational days.
        purchases: in the window, summed over the customers of each history.
        buyers: of them, who bought.
    """

    model: PurchaseModel
    histories: Histories
    horizon: float
    purchases: Array
    buyers: Array


def return_purchases(model: PurchaseModel, returns: Returns, h: Histories, horizon: float) -> Array:
    """Expected purchases within the horizon of a customer who has left."""
    return (returns.base_rate + returns.rate_share * _former_rate(model, h)) * horizon


def p_return(model: PurchaseModel, returns: Returns, h: Histories, horizon: float | Array) -> Array:
    """P(a customer who has left comes back within the horizon): 1 - (1 + t/(s + silence))^-power.

    The longer the silence, the slower: a Lomax distribution of the time to return, s the model's own scale.
    """
    power = returns.first_base + returns.first_share * _former_rate(model, h) * model.alpha
    return -np.expm1(-power * _log_growth(model, h, horizon))


def return_density(model: PurchaseModel, returns: Returns, h: Histories, horizon: Array) -> Array:
    """Derivative of `p_return` by the horizon."""
    power = returns.first_base + returns.first_share * _former_rate(model, h) * model.alpha
    silent = model.alpha / model.k + h.age - h.recency + horizon
    return power * np.exp(-power * _log_growth(model, h, horizon)) / silent


def _former_rate(model: PurchaseModel, h: Histories) -> Array:
    return h.frequency / (model.alpha + h.recency)


def _log_growth(model: PurchaseModel, h: Histories, horizon: float | Array) -> Array:
    return np.log1p(horizon / (model.alpha / model.k + h.age - h.recency))


def learn(windows: list[Window]) -> Returns:
    """Pace and returns from inner windows: two convex fits, of counts and of who bought at all."""
    if not windows:
        return NO_RETURNS
    alive = [predictions.p_alive(w.model, w.histories.frequency, w.histories.recency, w.histories.age) for w in windows]
    curves = [_curve(w) for w in windows]
    as_said = int(np.flatnonzero(_PACES == 1.0)[0])
    features = [
        np.column_stack([c[:, as_said], g * w.horizon, g * w.horizon * _former_rate(w.model, w.histories)])
        for w, c, g in zip(windows, curves, (1.0 - a for a in alive), strict=True)
    ]
    stay, base_rate, rate_share = _count_rates(
        np.vstack(features),
        np.concatenate([w.purchases for w in windows]),
        np.concatenate([w.histories.weight for w in windows]),
    )
    totals = sum((w.histories.weight[:, None] * c).sum(axis=0) for w, c in zip(windows, curves, strict=True))
    pace = float(np.interp(np.log(stay * totals[as_said]), np.log(totals), _PACES)) if totals[as_said] > 0 else 1.0
    power = _return_power(windows, alive, pace)
    return Returns(*(float(f"{v:.9e}") for v in (pace, base_rate, rate_share, *power)))


def _curve(w: Window) -> Array:
    h = w.histories
    return predictions.expected_purchases(w.model, h.frequency, h.recency, h.age, w.horizon * _PACES)


def _count_rates(features: Array, purchases: Array, weight: Array) -> Array:
    """Factors of the features by Poisson likelihood, none below 0; the first is drawn to 1."""
    size = (features * weight[:, None]).sum(axis=0)
    used = size > 1e-9
    scale = np.where(used, size / weight.sum(), 1.0)
    scaled = features / scale

    def objective(beta: Array) -> tuple[float, Array]:
        mean = np.maximum((scaled * beta).sum(axis=1), 1e-12)
        value = (purchases * np.log(mean) - weight * mean).sum()
        slope = (scaled * (purchases / mean - weight)[:, None]).sum(axis=0)
        first = max(beta[0] / scale[0], 1e-12)
        value += _PRIOR_PURCHASES * (np.log(first) - first)
        slope[0] += _PRIOR_PURCHASES * (1.0 / first - 1.0) / scale[0]
        n = weight.sum()
        return -float(value) / n, -np.where(used, slope, 0.0) / n

    start = scale * np.array([1.0, 0.0, 0.0]) + np.array([0.0, 1e-3, 1e-3])
    bounds = [(0.1 * scale[0], 5.0 * scale[0]), (0.0, None), (0.0, None)]
    found = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-13})
    return np.where(used, found.x / scale, [1.0, 0.0, 0.0])


def _return_power(windows: list[Window], alive: list[Array], pace: float) -> Array:
    """The two powers of `p_return` by the likelihood of who bought in the windows."""
    parts = []
    for w, a in zip(windows, alive, strict=True):
        h = w.histories
        stays = a * predictions.p_buy_if_alive(w.model, h.frequency, h.recency, h.age, w.horizon * pace)
        grown = _log_growth(w.model, h, w.horizon)
        both = np.column_stack([grown, grown * _former_rate(w.model, h) * w.model.alpha])
        parts.append((stays, 1.0 - a, both, w.buyers, h.weight))
    stays, gone, grown, buyers, weight = (np.concatenate(column) for column in zip(*parts, strict=True))

    def objective(power: Array) -> tuple[float, Array]:
        away = np.exp(-(grown * power).sum(axis=1))
        p = np.clip(stays + gone * (1.0 - away), 1e-9, 1.0 - 1e-9)
        value = (buyers * np.log(p) + (weight - buyers) * np.log1p(-p)).sum()
        by_p = buyers / p - (weight - buyers) / (1.0 - p)
        slope = ((by_p * gone * away)[:, None] * grown).sum(axis=0)
        return -float(value) / weight.sum(), -slope / weight.sum()

    bounds = [(0.0, 50.0), (0.0, 50.0)]
    found = minimize(
        objective, np.array([0.05, 0.05]), jac=True, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-13}
    )
    return found.x
