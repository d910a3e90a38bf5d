"""Figures that others published, reproduced: Fader, Hardie and Lee 2005, Hardie's notes 025 and 027, CLVTools."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from profiles.value_models import measures, predictions, purchase_process, spend
from profiles.value_models.purchase_process import Histories, PurchaseModel

CDNOW = Path(__file__).parent / "data" / "cdnow_sample.parquet"


def one(x: float, recency: float, age: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.array([x]), np.array([recency]), np.array([age])


@pytest.fixture(scope="module")
def cdnow() -> pl.DataFrame:
    return pl.read_parquet(CDNOW)


def histories(cdnow: pl.DataFrame, days_per_unit: float) -> Histories:
    x, recency, age = (cdnow[c].to_numpy().astype(float) for c in ("frequency", "recency_days", "age_days"))
    gaps = float(cdnow["sum_log_gaps_days"].sum() - cdnow["frequency"].sum() * np.log(days_per_unit))
    return Histories(x, recency / days_per_unit, age / days_per_unit, np.ones_like(x), gaps)


def test_cdnow_bg_nbd_has_the_published_parameters(cdnow):
    model = purchase_process.fit(histories(cdnow, 7), dropout_at_first=False, prior_weight=0)
    assert model.log_likelihood == pytest.approx(-9582.4292, abs=0.01)
    published = (0.2425945, 4.4136019, 0.7929199, 2.4258881)
    assert (model.r, model.alpha, model.a, model.b) == pytest.approx(published, rel=1e-3)


def test_cdnow_mbg_nbd_has_the_published_parameters(cdnow):
    model = purchase_process.fit(histories(cdnow, 7), prior_weight=0)
    assert model.log_likelihood == pytest.approx(-9582.136, abs=0.01)
    assert (model.r, model.alpha, model.a, model.b) == pytest.approx((0.525, 6.183, 0.891, 1.614), rel=1e-3)


def test_cdnow_gamma_gamma_has_the_published_parameters(cdnow):
    repeat = cdnow.filter(pl.col("frequency") > 0)
    model = spend.fit(repeat["frequency"].to_numpy().astype(float), repeat["mean_repeat_value"].to_numpy())
    assert model.log_likelihood == pytest.approx(-4055.9177, abs=0.01)
    assert (model.p, model.q, model.v) == pytest.approx((6.25, 3.74, 15.44), rel=2e-3)


def test_cdnow_is_likeliest_with_k_one(cdnow):
    assert [m.k for m in purchase_process.fit_best(histories(cdnow, 1))] == [1, 2, 3]


def test_bg_nbd_expects_what_the_paper_expects_of_a_known_customer(cdnow):
    model = purchase_process.fit(histories(cdnow, 7), dropout_at_first=False, prior_weight=0)
    found = predictions.expected_purchases(model, *one(2, 30.43, 38.86), np.array([39.0]))
    assert found[0, 0] == pytest.approx(1.226, abs=5e-4)


def test_bg_nbd_expects_what_the_paper_expects_of_a_new_customer():
    model = PurchaseModel(1, 0.2425945, 4.4136019, 0.7929199, 2.4258881, dropout_at_first=False)
    times = np.array([0.1429, 1, 3, 31.8571, 32, 78])
    found = predictions.expected_purchases(model, *one(0, 0, 0), times)[0]
    assert found == pytest.approx([0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.8576], rel=1e-3, abs=5e-5)


@pytest.mark.parametrize(
    ("dropout_at_first", "history", "published"),
    [
        (False, (200, 38, 40), 100.7957),
        (True, (200, 38, 40), 100.7869),
        (False, (0, 0, 40), -0.59947382),
        (True, (0, 0, 40), -0.41792826),
    ],
)
def test_single_likelihoods_are_those_of_hardies_note(dropout_at_first, history, published):
    model = PurchaseModel(1, 0.25, 4.0, 0.8, 2.5, dropout_at_first)
    found = purchase_process.log_likelihood(model, Histories(*one(*history), np.ones(1)))
    assert found == pytest.approx(published, abs=1e-4)


def test_cdnow_holdout_is_predicted_as_well_as_measured_before(cdnow):
    """MBG and Gamma-Gamma on all purchases: total -16.2 %, MAE .765, RMSE 1.607, spend MAE 29.4, Gini .679."""
    h = histories(cdnow, 1)
    model = purchase_process.fit_best(h)[0]
    n, mean = h.frequency + 1, cdnow["mean_value"].to_numpy()
    spending = spend.fit(n[mean > 0], mean[mean > 0])
    expected = predictions.expected_purchases(model, h.frequency, h.recency, h.age, np.array([273.0]))[:, 0]
    actual = (cdnow["holdout_purchases"].to_numpy().astype(float), cdnow["holdout_spend"].to_numpy())
    found = measures.measures(expected, expected * spend.expected_spend(spending, n, mean), *actual)
    assert found["purchases_actual"] == 1882
    assert abs(found["purchases_total_error"]) < 0.163
    assert found["purchases_mae"] < 0.7655
    assert found["purchases_rmse"] < 1.6075
    assert found["spend_mae"] < 29.4
    assert found["spend_gini"] > 0.6785
