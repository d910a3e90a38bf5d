"""Would the scores have been right? Fit on the older days, predict the newest, compare.

With what came, and with the plain rule "as much as last year".
"""

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from profiles.value_models import predictions, purchase_process, spend
from profiles.value_models.config import HORIZON_DAYS, ValueConfig
from profiles.value_models.history import closed_gate, distinct_histories, summarise
from profiles.value_models.quadrature import Array


def backtest(
    purchases: pl.DataFrame, as_of: date, config: ValueConfig, holdout_days: int | None = None
) -> dict[str, Any]:
    """Hold out the newest days, fit on the rest, and measure the predictions for the held-out days.

    Args:
        purchases: as for `score`.
        as_of: end of the holdout.
        config: settings of the fit and of its gates.
        holdout_days: length; a third of the history, at most 365, when None.

    Returns:
        The split, `gate` with the reason where the older days alone allow no fit, else `model`, `last_year`
        and `deciles` as from `measures`, and `is_better_than_last_year` (spend MAE and Gini both not
        worse).
    """
    history = summarise(purchases, as_of)
    days = holdout_days or min(HORIZON_DAYS, history.days // 3)
    split = as_of - timedelta(days=days)
    known = summarise(purchases, split)
    frame: dict[str, Any] = {
        "split": split.isoformat(),
        "holdout_days": days,
        "n_customers": known.customers.height,
    }
    gate = closed_gate(known, config)
    if gate:
        return frame | {"gate": gate}
    histories, rows = distinct_histories(known)
    model = purchase_process.fit_best(histories, config.shapes, prior_weight=config.prior_weight)[0]
    n, mean = (known.customers[c].to_numpy().astype(float) for c in ("n_purchases", "mean_value_cny"))
    value = spend.expected_spend(spend.fit(n, mean), n, mean)
    h = (histories.frequency, histories.recency, histories.age)
    expected = predictions.expected_purchases(model, *h, np.array([float(days)]))[rows, 0]
    buys = (predictions.p_alive(model, *h) * predictions.p_buy_if_alive(model, *h, float(days)))[rows]
    actual = _between(purchases, known.customers, split, as_of)
    past = _between(purchases, known.customers, split - timedelta(days=HORIZON_DAYS), split)
    scale = days / min(HORIZON_DAYS, max(known.days, 1))
    fitted = measures(expected, expected * value, *actual) | calibration(buys, actual[0])
    naive = measures(past[0] * scale, past[1] * scale, *actual)
    return frame | {
        "gate": None,
        "kind": model.kind,
        "model": fitted,
        "last_year": naive,
        "deciles": deciles(expected, actual[0]),
        "is_better_than_last_year": fitted["spend_mae"] <= naive["spend_mae"]
        and fitted["spend_gini"] >= naive["spend_gini"],
    }


def _between(purchases: pl.DataFrame, customers: pl.DataFrame, after: date, until: date) -> tuple[Array, Array]:
    """Purchases and spend of each customer on days after `after` up to `until`."""
    later = (
        purchases.filter(pl.col("purchase_date") > after, pl.col("purchase_date") <= until)
        .group_by("one_id")
        .agg(
            n=pl.col("purchase_date").n_unique(),
            spend=(pl.col("net_amount_cny") * 100).round().cast(pl.Int64).sum(),
        )
    )
    found = customers.select("one_id").join(later, on="one_id", how="left", maintain_order="left").fill_null(0)
    return found["n"].to_numpy().astype(float), found["spend"].to_numpy() / 100.0


def measures(expected: Array, expected_spend: Array, bought: Array, spent: Array) -> dict[str, float]:
    """Errors of predicted purchases and spend, by customer and in total.

    Returns:
        purchases_expected, purchases_actual, purchases_total_error (share, + is too many), purchases_mae,
        purchases_rmse, spend_expected, spend_actual, spend_total_error, spend_mae, spend_gini (normalised:
        1 ranks customers as their spend did), top_decile_spend_share.
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


def deciles(expected: Array, bought: Array) -> list[dict[str, float]]:
    """Mean expected and actual purchases in ten equal groups, the highest expectation first."""
    groups = np.array_split(np.argsort(-expected, kind="stable"), 10)
    return [
        {
            "decile": i,
            "n_customers": len(g),
            "expected": round(float(expected[g].mean()), 6),
            "actual": round(float(bought[g].mean()), 6),
        }
        for i, g in enumerate(groups, 1)
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
