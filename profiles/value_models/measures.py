"""How far predictions were from what came: errors, ranking, calibration. One entry a customer in every array."""

from typing import Any

import numpy as np

from profiles.value_models.quadrature import Array


def measures(expected: Array, expected_spend: Array, bought: Array, spent: Array) -> dict[str, float]:
    """Errors of predicted purchases and spend, by customer and in total.

    Returns:
        purchases_expected, purchases_actual, purchases_total_error (share, + is too many), purchases_mae,
        purchases_rmse, spend_expected, spend_actual, spend_total_error, spend_mae, spend_rmse, spend_gini
        (normalised: 1 ranks customers as their spend did), top_decile_spend_share.
    """
    miss = expected - bought
    found = {
        "purchases_expected": expected.sum(),
        "purchases_actual": bought.sum(),
        "purchases_total_error": expected.sum() / max(bought.sum(), 1.0) - 1.0,
        "purchases_mae": np.abs(miss).mean(),
        "purchases_rmse": np.sqrt((miss**2).mean()),
        "spend_expected": expected_spend.sum(),
        "spend_actual": spent.sum(),
        "spend_total_error": expected_spend.sum() / max(spent.sum(), 0.01) - 1.0,
        "spend_mae": np.abs(expected_spend - spent).mean(),
        "spend_rmse": np.sqrt(((expected_spend - spent) ** 2).mean()),
        "spend_gini": gini(expected_spend, spent),
        "top_decile_spend_share": lorenz_gain(expected_spend, spent, 0.1),
    }
    return {name: round(float(v), 6) for name, v in found.items()}


def calibration(p_buy: Array, bought: Array, n_bins: int = 10) -> dict[str, float]:
    """Brier score and expected calibration error of P(buy in the holdout), in equal groups by prediction."""
    did = (bought > 0).astype(float)
    groups = np.array_split(np.argsort(p_buy, kind="stable"), n_bins)
    gaps = [len(g) * abs(p_buy[g].mean() - did[g].mean()) for g in groups if len(g)]
    return {
        "p_buy_brier": round(float(((p_buy - did) ** 2).mean()), 6),
        "p_buy_calibration_error": round(float(sum(gaps) / len(did)), 6),
    }


def deciles(expected: Array, p_buy: Array, expected_spend: Array, bought: Array, spent: Array) -> list[dict[str, Any]]:
    """Means of what was predicted and what came in ten equal groups, the highest expected spend first."""
    order = np.lexsort((np.arange(expected.size), -expected, -expected_spend))
    columns = {
        "expected_purchases": expected,
        "actual_purchases": bought,
        "p_buy": p_buy,
        "share_bought": (bought > 0).astype(float),
        "expected_spend_cny": expected_spend,
        "actual_spend_cny": spent,
    }
    return [
        {"decile": i, "n_customers": len(g)} | {name: round(float(v[g].mean()), 6) for name, v in columns.items()}
        for i, g in enumerate(np.array_split(order, 10), 1)
        if len(g)
    ]


def gini(predicted: Array, actual: Array) -> float:
    """Gini of `actual` in the order of `predicted`, as a share of its own; ties share their place."""
    best = _area(actual, actual)
    return _area(predicted, actual) / best if best > 0 else 0.0


def lorenz_gain(predicted: Array, actual: Array, share: float) -> float:
    """Share of `actual` that the `share` of customers with the highest predictions hold."""
    at, gained = _lorenz(predicted, actual)
    return float(np.interp(share, at, gained))


def _lorenz(order: Array, values: Array) -> tuple[Array, Array]:
    _, index, counts = np.unique(-order, return_inverse=True, return_counts=True)
    gained = np.cumsum(np.bincount(index, weights=values))
    total = gained[-1] if gained[-1] > 0 else 1.0
    return np.append(0.0, np.cumsum(counts) / order.size), np.append(0.0, gained / total)


def _area(order: Array, values: Array) -> float:
    at, gained = _lorenz(order, values)
    return float((np.diff(at) * (gained[1:] + gained[:-1])).sum() - 1.0)
