"""Value scores for every customer with a purchase: fit, test, predict, rank. The front door is `score`."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Final

import polars as pl

from profiles.value_models.config import ValueConfig
from profiles.value_models.equity import EQUITY_SCHEMA, equity_by_month
from profiles.value_models.fitting import FittedValue, fit_value
from profiles.value_models.history import CustomerHistory, closed_gate, purchase_days, summarise
from profiles.value_models.holdout import backtest_days
from profiles.value_models.scores import CLV_SCHEMA, scores

MODEL_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "as_of_date": pl.Date,
    "model_run": pl.String,
    "gate": pl.String,
    "is_held_back": pl.Boolean,
    "kind": pl.String,
    "n_customers": pl.Int64,
    "n_repeat_customers": pl.Int64,
    "history_days": pl.Int64,
    **dict.fromkeys(("r", "alpha_days", "a", "b", "log_likelihood"), pl.Float64),
    "candidates": pl.String,
    **dict.fromkeys(("spend_p", "spend_q", "spend_v_cny", "spend_log_likelihood"), pl.Float64),
    "future_spend": pl.String,
    "season": pl.String,
    "n_windows": pl.Int64,
    **dict.fromkeys(("pace", "return_base_rate", "return_rate_share"), pl.Float64),
    **dict.fromkeys(("first_return_base", "first_return_share"), pl.Float64),
    **dict.fromkeys(("gross_margin", "annual_discount_rate"), pl.Float64),
    **dict.fromkeys(("total_expected_purchases_365d", "total_clv_12m_cny", "total_history_value_cny"), pl.Float64),
    **dict.fromkeys(
        (
            "backtest_purchases_total_error",
            "backtest_spend_total_error",
            "backtest_spend_gini",
            "backtest_last_year_gini",
            "backtest_p_buy_calibration_error",
        ),
        pl.Float64,
    ),
    "backtest": pl.String,
}
CALIBRATION_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "decile": pl.Int64,
    "n_customers": pl.Int64,
    "expected_purchases": pl.Float64,
    "actual_purchases": pl.Float64,
    "p_buy": pl.Float64,
    "share_bought": pl.Float64,
    "expected_spend_cny": pl.Float64,
    "actual_spend_cny": pl.Float64,
    "from_date": pl.Date,
    "holdout_days": pl.Int64,
    "model_run": pl.String,
}


@dataclass(frozen=True)
class ValueScores:
    """What `score` gives back.

    Attributes:
        clv: one row a customer with a purchase, columns of `CLV_SCHEMA`, by one_id; empty when the gate is
            closed or the scores are held back.
        model: parameters, likelihoods, sizes, totals and the back-test of this run.
        gate: why there are no scores; None when there are.
        equity: one row a month end, columns of `EQUITY_SCHEMA`; empty as `clv` is.
    """

    clv: pl.DataFrame
    model: dict[str, Any]
    gate: str | None
    equity: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=EQUITY_SCHEMA))

    def model_table(self) -> pl.DataFrame:
        """The model as one row of `MODEL_SCHEMA`, nested parts as JSON text; null is what a closed gate leaves out."""
        found = (self.model.get("backtest") or {}).get("model", {})
        naive = (self.model.get("backtest") or {}).get("last_year", {})
        told = self.model | {
            "backtest_purchases_total_error": found.get("purchases_total_error"),
            "backtest_spend_total_error": found.get("spend_total_error"),
            "backtest_spend_gini": found.get("spend_gini"),
            "backtest_last_year_gini": naive.get("spend_gini"),
            "backtest_p_buy_calibration_error": found.get("p_buy_calibration_error"),
            "as_of_date": date.fromisoformat(self.model["as_of"]),
        }
        flat = {
            key: json.dumps(told[key], sort_keys=True) if isinstance(told.get(key), dict | list) else told.get(key)
            for key in MODEL_SCHEMA
        }
        return pl.DataFrame([flat], schema=MODEL_SCHEMA)

    def calibration_table(self) -> pl.DataFrame:
        """Predicted against actual in the back-test by decile of expected spend; empty without a back-test."""
        test = self.model.get("backtest") or {}
        shared = {"holdout_days": test.get("holdout_days"), "model_run": self.model.get("model_run")}
        if "deciles" not in test:
            return pl.DataFrame(schema=CALIBRATION_SCHEMA)
        split = date.fromisoformat(test["split"])
        return pl.DataFrame([row | shared | {"from_date": split} for row in test["deciles"]], schema=CALIBRATION_SCHEMA)


def score(purchases: pl.DataFrame, as_of: date, config: ValueConfig | None = None) -> ValueScores:
    """Score every customer: who will buy again, when, how much, and what that is worth.

    MBG/CNBD-k with the likeliest k for purchases, in the time of the brand's seasons; returns of those who seemed
    gone as inner windows show them; Gamma-Gamma on all purchases for their value, corrected likewise. The same
    purchases in any order give the same scores.

    Args:
        purchases: valid purchases, columns one_id, purchase_date, net_amount_cny (> 0); as in
            customer.purchase_day.
        as_of: end of observation, inclusive; later purchases are left out.
        config: settings; the defaults when None.

    Returns:
        Scores, or none and the reason in `gate`: too little to fit, or a back-test that last year's spend won.

    Raises:
        ValueModelError: purchases or settings cannot be used.
    """
    config = config or ValueConfig()
    days = purchase_days(purchases).until(as_of)
    history = summarise(days, as_of)
    gate = closed_gate(history, config)
    if gate:
        return _no_scores(history, gate)
    fitted = fit_value(days, history, config)
    if not fitted.is_converged:
        return _no_scores(history, "No value scores: the fit did not converge on these purchases.")
    run = model_run(fitted, as_of, config)
    clv = scores(fitted, history, days.ids, config).with_columns(model_run=pl.lit(run))
    report = _report(history, fitted, config, clv) | {"model_run": run}
    if config.has_backtest:
        report["backtest"] = backtest_days(days, as_of, config)
        held = report["backtest"].get("loses")
        if held:
            empty = pl.DataFrame(schema=CLV_SCHEMA)
            return ValueScores(empty, report | {"gate": held, "is_held_back": True}, held)
    equity = equity_by_month(days, history, fitted, config).with_columns(model_run=pl.lit(run))
    return ValueScores(clv.select(*CLV_SCHEMA), report, None, equity.select(*EQUITY_SCHEMA))


def model_run(fitted: FittedValue, as_of: date, config: ValueConfig) -> str:
    """Twelve hex digits that stand for the model: kind, parameters, settings that move scores, as-of."""
    model, spending = fitted.model, fitted.spending
    parts = [
        model.kind,
        *(model.r, model.alpha, model.a, model.b),
        *(spending.p, spending.q, spending.v),
        asdict(fitted.returns),
        asdict(fitted.future),
        fitted.season.factors,
        *(config.gross_margin, config.annual_discount_rate, config.min_p_buy),
        as_of.isoformat(),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def _no_scores(history: CustomerHistory, gate: str) -> ValueScores:
    sizes = {"as_of": history.as_of.isoformat(), "gate": gate, "n_customers": history.customers.height}
    told = sizes | {"history_days": history.days, "is_held_back": False}
    return ValueScores(pl.DataFrame(schema=CLV_SCHEMA), told, gate)


def _report(history: CustomerHistory, fitted: FittedValue, config: ValueConfig, clv: pl.DataFrame) -> dict[str, Any]:
    best, back = fitted.model, fitted.returns
    return {
        "as_of": history.as_of.isoformat(),
        "gate": None,
        "is_held_back": False,
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
        "candidates": {m.kind: m.log_likelihood for m in fitted.candidates},
        "spend_p": fitted.spending.p,
        "spend_q": fitted.spending.q,
        "spend_v_cny": fitted.spending.v,
        "spend_log_likelihood": fitted.spending.log_likelihood,
        "future_spend": asdict(fitted.future),
        "season": None if fitted.season.is_flat else list(fitted.season.factors),
        "n_windows": fitted.n_windows,
        "pace": back.pace,
        "return_base_rate": back.base_rate,
        "return_rate_share": back.rate_share,
        "first_return_base": back.first_base,
        "first_return_share": back.first_share,
        "gross_margin": config.gross_margin,
        "annual_discount_rate": config.annual_discount_rate,
        "total_expected_purchases_365d": round(_total(clv, "expected_purchases_365d"), 2),
        "total_clv_12m_cny": round(_total(clv, "clv_12m_cny"), 2),
        "total_history_value_cny": round(_total(clv, "history_value_cny"), 2),
    }


def _total(clv: pl.DataFrame, column: str) -> float:
    return float(clv[column].to_numpy().sum())
