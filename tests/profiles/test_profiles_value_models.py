"""The value models as a whole: scores, gates, determinism, stress."""

import json
import warnings
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from profiles.value_models import CLV_SCHEMA, ValueConfig, ValueModelError, backtest, predictions, score, spend
from profiles.value_models import purchase_process as process
from profiles.value_models.forecast import Forecast
from profiles.value_models.history import distinct_histories, purchase_days, summarise
from profiles.value_models.purchase_process import Histories
from profiles.value_models.returns import NO_RETURNS, Returns

QUICK = ValueConfig(has_backtest=False)
PURCHASE_SCHEMA = {"one_id": pl.String, "purchase_date": pl.Date, "net_amount_cny": pl.Float64}


@pytest.fixture(scope="module")
def scores(purchases, as_of):
    return score(purchases, as_of)


def test_every_buyer_is_scored_once_with_the_promised_columns(scores, purchases):
    assert scores.gate is None
    assert dict(scores.clv.schema) == CLV_SCHEMA
    assert scores.clv["one_id"].to_list() == sorted(purchases["one_id"].unique())


def test_scores_are_finite_and_probabilities_are_probabilities(scores):
    numbers = scores.clv.select(pl.col(pl.Float64))
    assert numbers.null_count().sum_horizontal()[0] == 0
    assert np.isfinite(numbers.to_numpy()).all()
    assert (numbers.to_numpy() >= 0).all()
    for column in ("p_alive", "p_buy_30d", "p_buy_90d", "p_buy_180d", "p_buy_365d"):
        assert scores.clv[column].max() <= 1


def test_a_next_purchase_date_is_published_only_where_a_purchase_is_likely_enough(scores, as_of):
    has_date = scores.clv["next_purchase_date"].is_not_null()
    assert (has_date == (scores.clv["p_buy_365d"] >= 0.2)).all()
    dated = scores.clv.filter(has_date)
    assert dated.height
    assert (dated["next_purchase_from"] > as_of).all()
    assert (dated["next_purchase_from"] <= dated["next_purchase_date"]).all()
    assert (dated["next_purchase_date"] <= dated["next_purchase_to"]).all()
    assert (dated["next_purchase_to"] <= as_of + timedelta(days=365)).all()


def test_tiers_hold_the_top_shares_by_clv(scores):
    n = scores.clv.height
    counts = dict(scores.clv.group_by("tier").len().iter_rows())
    assert counts["platinum"] == pytest.approx(0.01 * n, abs=3)
    assert counts["gold"] == pytest.approx(0.04 * n, abs=5)
    assert counts["low"] == pytest.approx(0.50 * n, rel=0.02)
    lowest_platinum = scores.clv.filter(pl.col("tier") == "platinum")["clv_12m_cny"].min()
    assert scores.clv.filter(pl.col("tier") == "gold")["clv_12m_cny"].max() < lowest_platinum


def test_clv_is_no_more_than_undiscounted_margin_on_expected_purchases(scores):
    most = pl.col("expected_purchases_365d") * pl.col("expected_order_value_cny") * 0.4
    assert scores.clv.filter(pl.col("clv_12m_cny") > most + 0.02).height == 0
    assert scores.clv.filter(pl.col("clv_12m_cny") < 0.9 * most - 0.02).height == 0


def test_row_order_and_receipts_split_within_a_day_change_nothing(scores, purchases, as_of):
    halves = purchases.with_columns(pl.col("net_amount_cny") / 2)
    mixed = pl.concat([halves, halves]).sample(fraction=1.0, shuffle=True, seed=1)
    again = score(mixed, as_of)
    assert_frame_equal(again.clv, scores.clv)
    assert again.model["model_run"] == scores.model["model_run"]


def test_purchases_after_the_as_of_date_change_nothing(purchases, as_of):
    early = as_of - timedelta(days=100)
    known = purchases.filter(pl.col("purchase_date") <= early)
    assert_frame_equal(score(purchases, early, QUICK).clv, score(known, early, QUICK).clv)


def test_another_day_or_margin_is_another_model_run(scores, purchases, as_of):
    other_margin = score(purchases, as_of, ValueConfig(gross_margin=0.5, has_backtest=False))
    other_day = score(purchases, as_of + timedelta(days=1), QUICK)
    assert len({scores.model["model_run"], other_margin.model["model_run"], other_day.model["model_run"]}) == 3
    assert scores.clv["model_run"].unique().to_list() == [scores.model["model_run"]]


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_true_k_and_parameters_are_found_again(simulated, as_of, k):
    found = score(simulated(12_000, k=k, r=1.5, alpha=60.0), as_of, QUICK).model
    assert found["k"] == k
    assert found["r"] == pytest.approx(1.5, rel=0.15)
    assert found["a"] / (found["a"] + found["b"]) == pytest.approx(0.9 / 3.1, rel=0.1)


def test_the_back_test_finds_the_totals_and_beats_last_year(scores):
    report = scores.model["backtest"]
    assert report["gate"] is None
    assert abs(report["model"]["purchases_total_error"]) < 0.08
    assert report["model"]["p_buy_calibration_error"] < 0.03
    assert report["loses"] is None
    assert [d["decile"] for d in report["deciles"]] == list(range(1, 11))


def test_a_back_test_without_enough_older_days_says_so(purchases, as_of):
    found = backtest(purchases, as_of, ValueConfig(), holdout_days=850)
    assert found["gate"].startswith("No value scores")
    assert "model" not in found


def test_the_model_table_is_one_row_with_the_same_columns_whatever_the_gate(scores, as_of):
    open_gate = scores.model_table()
    closed = score(pl.DataFrame(schema=PURCHASE_SCHEMA), as_of).model_table()
    assert open_gate.schema == closed.schema
    assert open_gate.select("kind", "gate", "as_of_date").rows() == [("MBG/NBD", None, as_of)]
    assert json.loads(open_gate["backtest"][0])["gate"] is None
    assert closed["kind"][0] is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda p, d: p.filter(pl.col("one_id") < "P000300"), "customers have a purchase, 500 are needed"),
        (lambda p, d: p.unique("one_id", keep="first", maintain_order=True), "0 customers bought again, 100"),
        (lambda p, d: p.filter(pl.col("purchase_date") > d - timedelta(days=100)), "180 are needed"),
        (lambda p, d: p.filter(pl.col("purchase_date") < d - timedelta(days=60)), "30 are allowed"),
        (lambda p, d: p.group_by("one_id", maintain_order=True).head(2), "no customer has 3 purchases"),
        (lambda p, d: p.head(0), "0 customers have a purchase"),
    ],
)
def test_a_closed_gate_gives_no_scores_and_a_reason(purchases, as_of, change, reason):
    found = score(change(purchases, as_of), as_of)
    assert reason in found.gate
    assert found.clv.height == 0
    assert dict(found.clv.schema) == CLV_SCHEMA
    assert found.model_table()["gate"][0] == found.gate


@pytest.mark.parametrize("amount", [0.0, -5.0, float("nan"), float("inf"), None])
def test_a_purchase_without_a_usable_amount_is_refused(purchases, as_of, amount):
    bad = pl.DataFrame(
        {"one_id": ["P"], "purchase_date": [as_of], "net_amount_cny": [amount]}, purchases.schema, strict=False
    )
    columns = ["one_id", "purchase_date", "net_amount_cny"]
    with pytest.raises(ValueModelError, match="1 purchases have"):
        score(pl.concat([purchases.select(columns), bad.select(columns).cast(purchases.select(columns).schema)]), as_of)


def test_a_missing_column_is_named():
    with pytest.raises(ValueModelError, match="net_amount_cny"):
        score(pl.DataFrame({"one_id": ["P"], "purchase_date": [date(2026, 1, 1)]}), date(2026, 1, 2))


@pytest.mark.parametrize(
    "settings", [{"gross_margin": 0.0}, {"annual_discount_rate": 1.5}, {"shapes": (4,)}, {"prior_weight": -1.0}]
)
def test_settings_without_meaning_are_refused(settings):
    with pytest.raises(ValueModelError):
        ValueConfig(**settings)


def test_recency_later_than_age_is_refused():
    with pytest.raises(ValueModelError, match="recency is later than age"):
        Histories(np.array([1.0]), np.array([20.0]), np.array([10.0]), np.ones(1))


def _stress() -> dict[str, Histories]:
    rng = np.random.default_rng(5)
    n, ones = 600, np.ones(600)
    zero, repeats = np.zeros(n), rng.geometric(0.3, n) - 1.0
    week = np.where(repeats > 0, np.maximum(1.0, repeats * 7), 0.0)
    age = np.maximum(week, rng.integers(300, 700, n).astype(float))
    steady = rng.poisson(5, n).astype(float)
    late = np.where(steady > 0, rng.integers(250, 365, n), 0).astype(float)
    return {
        "dropout the same for all": Histories(repeats, week, age, ones, 1000.0),
        "no attrition": Histories(steady, late, np.full(n, 365.0), ones, 1000.0),
        "one-time buyers only": Histories(zero, zero, age, ones),
        "one repeat buyer": Histories(
            np.append(zero, 1.0), np.append(zero, 1.0), np.full(n + 1, 999.0), np.ones(n + 1)
        ),
        "all bought today for the first time": Histories(zero, zero, zero, ones),
        "huge frequency": Histories(
            *(np.array(v) for v in ([2000.0, 700, 0], [900.0, 100, 0], [1000.0] * 3)), np.ones(3)
        ),
        "clockwork": Histories(np.full(n, 20.0), np.full(n, 140.0), np.full(n, 145.0), ones, n * 20 * np.log(7.0)),
        "all bought today": Histories(zero + 1, zero + 300, zero + 300, ones, 1000.0),
        "a single customer": Histories(np.array([3.0]), np.array([90.0]), np.array([100.0]), np.ones(1), 10.0),
        "years as unit": Histories(repeats, week / 365, age / 365, ones, 10.0),
        "seconds as unit": Histories(repeats, week * 86400, age * 86400, ones, 10.0),
    }


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize(("name", "histories"), _stress().items(), ids=lambda v: v if isinstance(v, str) else "")
def test_no_customer_base_makes_anything_non_finite(name, histories, k):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = process.fit(histories, k)
        h = (histories.frequency, histories.recency, histories.age)
        found = (
            predictions.p_alive(model, *h),
            predictions.p_buy_if_alive(model, *h, 365.0),
            predictions.expected_purchases(model, *h, np.array([30.0, 365.0])),
        )
        for returns in (NO_RETURNS, Returns(0.8, 1e-3, 0.1, 0.1, 0.2)):
            forecast = Forecast(model, returns, histories)
            found += (
                forecast.p_buy(365.0),
                forecast.time_to_buy(365.0, 0.9),
                forecast.expected_purchases(np.array([30.0, 365.0])),
                forecast.median_purchases(365.0),
            )
    assert model.is_converged
    assert all(np.isfinite(v).all() and (v >= 0).all() for v in found)


@pytest.mark.parametrize("unit", [1.0, 7.0, 365.0])
def test_the_unit_of_time_changes_nothing_but_alpha(purchases, as_of, unit):
    days, _, _ = distinct_histories(summarise(purchase_days(purchases), as_of))
    scaled = Histories(days.frequency, days.recency / unit, days.age / unit, days.weight)
    model, base = process.fit(scaled), process.fit(days)
    assert (model.r, model.alpha * unit, model.a, model.b) == pytest.approx(
        (base.r, base.alpha, base.a, base.b), rel=1e-3
    )


@pytest.mark.parametrize(
    "mean",
    [np.full(300, 100.0), np.full(300, 0.01), np.exp(np.linspace(-9, 15, 300)), np.tile([1.0, 1e6], 150)],
    ids=["all alike", "cents", "heavy tail", "two prices"],
)
def test_expected_spend_is_finite_and_near_what_was_spent(mean):
    n = np.tile([1.0, 2.0, 5.0], 100)
    found = spend.expected_spend(spend.fit(n, mean), n, mean)
    assert np.isfinite(found).all()
    assert (found > 0).all()


def test_the_fit_is_the_top_of_the_likelihood(purchases, as_of):
    histories, _, _ = distinct_histories(summarise(purchase_days(purchases), as_of))
    for k in (1, 2, 3):
        model = process.fit(histories, k, prior_weight=0)
        for name in ("r", "alpha", "a", "b"):
            for factor in (0.97, 1.03):
                moved = process.PurchaseModel(**{**_parameters(model), name: _parameters(model)[name] * factor})
                assert process.log_likelihood(moved, histories) < model.log_likelihood


def _parameters(model: process.PurchaseModel) -> dict[str, float]:
    return {name: getattr(model, name) for name in ("k", "r", "alpha", "a", "b")}
