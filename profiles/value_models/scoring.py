"""Value scores for every customer with a purchase: fit, predict, rank. The front door is `score`."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl

from profiles.value_models import predictions, purchase_process, spend
from profiles.value_models.config import HORIZON_DAYS, LOWEST_TIER, TIERS, ValueConfig
from profiles.value_models.history import CustomerHistory, closed_gate, distinct_histories, summarise
from profiles.value_models.holdout import backtest
from profiles.value_models.purchase_process import Histories, PurchaseModel
from profiles.value_models.quadrature import Array
from profiles.value_models.spend import SpendModel

CLV_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "one_id": pl.String,
    "p_alive": pl.Float64,
    "expected_purchases_90d": pl.Float64,
    "expected_purchases_365d": pl.Float64,
    "p_buy_30d": pl.Float64,
    "p_buy_90d": pl.Float64,
    "p_buy_180d": pl.Float64,
    "p_buy_365d": pl.Float64,
    "next_purchase_date": pl.Date,
    "next_purchase_from": pl.Date,
    "next_purchase_to": pl.Date,
    "expected_order_value_cny": pl.Float64,
    "clv_12m_cny": pl.Float64,
    "history_value_cny": pl.Float64,
    "tier": pl.String,
    "percentile": pl.Float64,
    "model_run": pl.String,
}
MODEL_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "as_of_date": pl.Date,
    "model_run": pl.String,
    "gate": pl.String,
    "kind": pl.String,
    "n_customers": pl.Int64,
    "n_repeat_customers": pl.Int64,
    "history_days": pl.Int64,
    **dict.fromkeys(("r", "alpha_days", "a", "b", "log_likelihood"), pl.Float64),
    "candidates": pl.String,
    **dict.fromkeys(("spend_p", "spend_q", "spend_v_cny", "spend_log_likelihood"), pl.Float64),
    **dict.fromkeys(("gross_margin", "annual_discount_rate"), pl.Float64),
    **dict.fromkeys(("total_expected_purchases_365d", "total_clv_12m_cny", "total_history_value_cny"), pl.Float64),
    "backtest": pl.String,
}
_P_BUY_DAYS: Final = (30, 90, 180, 365)
_MONTH_ENDS: Final = np.arange(1, 13) * HORIZON_DAYS / 12


@dataclass(frozen=True)
class ValueScores:
    """What `score` gives back.

    Attributes:
        clv: one row a customer with a purchase, columns of `CLV_SCHEMA`, by one_id; empty when the gate is
            closed.
        model: parameters, likelihoods, sizes, totals and the back-test of this run.
        gate: why there are no scores; None when there are.
    """

    clv: pl.DataFrame
    model: dict[str, Any]
    gate: str | None

    def model_table(self) -> pl.DataFrame:
        """The model as one row of `MODEL_SCHEMA`, nested parts as JSON text; null is what a closed gate leaves out."""
        flat = {
            key: json.dumps(self.model[key], sort_keys=True)
            if isinstance(self.model.get(key), dict)
            else self.model.get(key)
            for key in MODEL_SCHEMA
        }
        return pl.DataFrame([flat | {"as_of_date": date.fromisoformat(self.model["as_of"])}], schema=MODEL_SCHEMA)


def score(purchases: pl.DataFrame, as_of: date, config: ValueConfig | None = None) -> ValueScores:
    """Score every customer: who will buy again, when, how much, and what that is worth.

    MBG/CNBD-k with the likeliest k for purchases, Gamma-Gamma on all purchases for their value. The same
    purchases in any order give the same scores.

    Args:
        purchases: valid purchases, columns one_id, purchase_date, net_amount_cny (> 0); as in
            customer.purchase_day.
        as_of: end of observation, inclusive; later purchases are left out.
        config: settings; the defaults when None.

    Returns:
        Scores, or none and the reason in `gate`.

    Raises:
        ValueModelError: purchases or settings cannot be used.
    """
    config = config or ValueConfig()
    history = summarise(purchases, as_of)
    gate = closed_gate(history, config)
    if gate:
        return _no_scores(history, gate)
    histories, rows = distinct_histories(history)
    candidates = purchase_process.fit_best(histories, config.shapes, prior_weight=config.prior_weight)
    model = candidates[0]
    n, mean = (history.customers[c].to_numpy().astype(float) for c in ("n_purchases", "mean_value_cny"))
    spending = spend.fit(n, mean)
    if not (model.is_converged and spending.is_converged):
        return _no_scores(history, "No value scores: the fit did not converge on these purchases.")
    run = model_run(model, spending, as_of, config)
    clv = _scores(history, histories, rows, model, spending, config).with_columns(model_run=pl.lit(run))
    report = _report(history, candidates, spending, config, clv) | {"model_run": run}
    if config.has_backtest:
        report["backtest"] = backtest(purchases, as_of, config)
    return ValueScores(clv.select(*CLV_SCHEMA), report, None)


def model_run(model: PurchaseModel, spending: SpendModel, as_of: date, config: ValueConfig) -> str:
    """Twelve hex digits that stand for the model: kind, parameters, settings that move scores, as-of."""
    parts = [
        model.kind,
        *(model.r, model.alpha, model.a, model.b),
        *(spending.p, spending.q, spending.v),
        *(config.gross_margin, config.annual_discount_rate, config.min_p_buy),
        as_of.isoformat(),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def _no_scores(history: CustomerHistory, gate: str) -> ValueScores:
    sizes = {"as_of": history.as_of.isoformat(), "gate": gate, "n_customers": history.customers.height}
    return ValueScores(pl.DataFrame(schema=CLV_SCHEMA), sizes | {"history_days": history.days}, gate)


def _scores(
    history: CustomerHistory,
    histories: Histories,
    rows: Array,
    model: PurchaseModel,
    spending: SpendModel,
    config: ValueConfig,
) -> pl.DataFrame:
    by_history = _predict(model, histories, history.as_of, config)
    customers = history.customers
    n, mean = (customers[c].to_numpy().astype(float) for c in ("n_purchases", "mean_value_cny"))
    value = spend.expected_spend(spending, n, mean)
    discounted = by_history["discounted_purchases"].to_numpy()[rows]
    frame = by_history.drop("discounted_purchases")[rows].with_columns(
        one_id=customers["one_id"],
        expected_order_value_cny=pl.Series(value).round(2),
        clv_12m_cny=pl.Series(discounted * value * config.gross_margin).round(2),
        history_value_cny=customers["history_value_cny"].round(2),
    )
    rank = pl.col("clv_12m_cny").rank("min")
    from_top = pl.col("clv_12m_cny").rank("min", descending=True) - 1
    tier = pl.lit(LOWEST_TIER)
    for share, name in reversed(TIERS):
        tier = pl.when(from_top < share * pl.len()).then(pl.lit(name)).otherwise(tier)
    return frame.with_columns(
        tier=tier,
        percentile=(100.0 * (rank - 1) / pl.max_horizontal(pl.len() - 1, 1)).round(2),
    )


def _predict(model: PurchaseModel, h: Histories, as_of: date, config: ValueConfig) -> pl.DataFrame:
    """Predictions for each distinct history."""
    x, recency, age = h.frequency, h.recency, h.age
    alive = predictions.p_alive(model, x, recency, age)
    expected = predictions.expected_purchases(model, x, recency, age, np.append(_MONTH_ENDS, 90.0))
    monthly = np.diff(expected[:, :12], axis=1, prepend=0.0)
    discount = (1.0 + config.annual_discount_rate) ** (-np.arange(1, 13) / 12.0)
    columns: dict[str, Array] = {
        "p_alive": alive,
        "expected_purchases_90d": expected[:, 12],
        "expected_purchases_365d": expected[:, 11],
        # Not `@`: a BLAS may add in another order with another number of threads.
        "discounted_purchases": (monthly * discount).sum(axis=1),
    }
    for days in _P_BUY_DAYS:
        columns[f"p_buy_{days}d"] = alive * predictions.p_buy_if_alive(model, x, recency, age, float(days))
    frame = pl.DataFrame(columns).with_columns(pl.all().exclude("discounted_purchases").round(6))
    published = pl.col("p_buy_365d") >= config.min_p_buy
    quantiles = {"next_purchase_date": 0.5, "next_purchase_from": 0.1, "next_purchase_to": 0.9}
    for name, quantile in quantiles.items():
        time = predictions.time_to_buy(model, x, recency, age, float(HORIZON_DAYS), quantile)
        wait = pl.lit(pl.Series(np.maximum(np.ceil(time), 1.0))).cast(pl.Int64)
        day = pl.lit(as_of) + pl.duration(days=wait)
        frame = frame.with_columns(pl.when(published).then(day).alias(name))
    return frame


def _report(
    history: CustomerHistory,
    candidates: list[PurchaseModel],
    spending: SpendModel,
    config: ValueConfig,
    clv: pl.DataFrame,
) -> dict[str, Any]:
    best = candidates[0]
    return {
        "as_of": history.as_of.isoformat(),
        "gate": None,
        "n_customers": clv.height,
        "n_repeat_customers": history.customers.filter(pl.col("frequency") >= 1).height,
        "history_days": history.days,
        "kind": best.kind,
        "k": best.k,
        "r": best.r,
        "alpha_days": best.alpha,
        "a": best.a,
        "b": best.b,
        "log_likelihood": best.log_likelihood,
        "candidates": {m.kind: m.log_likelihood for m in candidates},
        "spend_p": spending.p,
        "spend_q": spending.q,
        "spend_v_cny": spending.v,
        "spend_log_likelihood": spending.log_likelihood,
        "gross_margin": config.gross_margin,
        "annual_discount_rate": config.annual_discount_rate,
        "total_expected_purchases_365d": round(_total(clv, "expected_purchases_365d"), 2),
        "total_clv_12m_cny": round(_total(clv, "clv_12m_cny"), 2),
        "total_history_value_cny": round(_total(clv, "history_value_cny"), 2),
    }


def _total(clv: pl.DataFrame, column: str) -> float:
    return float(clv[column].to_numpy().sum())
