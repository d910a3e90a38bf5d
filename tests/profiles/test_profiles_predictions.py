"""Predictions against closed forms, against sampling, and their invariants."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import hyp2f1

from profiles.value_models import predictions, purchase_process
from profiles.value_models.purchase_process import Histories, PurchaseModel
from profiles.value_models.quadrature import beta_rule

MODELS = st.builds(
    PurchaseModel,
    k=st.sampled_from([1, 2, 3]),
    r=st.floats(0.1, 5),
    alpha=st.floats(1, 200),
    a=st.floats(0.05, 8),
    b=st.floats(0.05, 20),
    dropout_at_first=st.booleans(),
)
# frequency, recency as a share of age, days beyond one for each purchase
HISTORIES = st.tuples(st.integers(0, 60), st.floats(0.01, 1), st.floats(1, 2000))


def arrays(history: tuple[int, float, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, share, beyond = history
    age = x + beyond
    return np.array([float(x)]), np.array([share * age if x else 0.0]), np.array([age])


@settings(max_examples=40, deadline=None)
@given(MODELS, HISTORIES)
def test_expected_purchases_agree_with_the_closed_form_where_that_is_defined(model, history):
    model = PurchaseModel(1, model.r, model.alpha, model.a + (abs(model.a - 1) < 0.05), model.b, model.dropout_at_first)
    x, recency, age = arrays(history)
    t, shape, unit = 365.0, model.r + x, model.alpha + age
    b = model.b + model.chances(x)
    gauss = hyp2f1(shape, b, model.a + b - 1, t / (unit + t))
    closed = (model.a + b - 1) / (model.a - 1) * (1 - (unit / (unit + t)) ** shape * gauss)
    closed = closed * predictions.p_alive(model, x, recency, age)
    found = predictions.expected_purchases(model, x, recency, age, np.array([t]))[:, 0]
    assert found == pytest.approx(closed, rel=2e-3, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(MODELS, HISTORIES)
def test_predictions_are_finite_ordered_and_within_bounds(model, history):
    h = arrays(history)
    alive = predictions.p_alive(model, *h)
    buys = [predictions.p_buy_if_alive(model, *h, t)[0] for t in (30.0, 90.0, 365.0)]
    expected = predictions.expected_purchases(model, *h, np.array([30.0, 90.0, 365.0]))[0]
    times = [predictions.time_to_buy(model, *h, 365.0, q)[0] for q in (0.1, 0.5, 0.9)]
    assert 0 <= alive[0] <= 1
    assert 0 <= buys[0] <= buys[1] <= buys[2] <= 1
    assert 0 <= expected[0] <= expected[1] <= expected[2] < np.inf
    assert expected[2] >= alive[0] * buys[2] * (1 - 1e-3)  # expecting n purchases is at least expecting one
    assert 0 < times[0] <= times[1] <= times[2] <= 365


@settings(max_examples=40, deadline=None)
@given(MODELS, HISTORIES, st.floats(0.05, 0.95))
def test_the_quantile_of_the_next_purchase_inverts_the_chance_to_buy(model, history, quantile):
    h = arrays(history)
    time = predictions.time_to_buy(model, *h, 365.0, quantile)
    reached = predictions.p_buy_if_alive(model, *h, time) / predictions.p_buy_if_alive(model, *h, 365.0)
    assert reached[0] == pytest.approx(quantile, rel=1e-3)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_predictions_agree_with_sampling_rates_and_dropout(k):
    """Draw (lambda, p) from the prior, weigh by the likelihood of the history: no formula of ours but that."""
    model = PurchaseModel(k, 1.2, 30.0, 0.9, 2.0)
    x, recency, age, t = 4, 300.0, 380.0, 180.0
    rng = np.random.default_rng(3)
    rate, p = rng.gamma(model.r, 1 / model.alpha, 400_000), rng.beta(model.a, model.b, 400_000)
    bought = (1 - p) ** x * rate ** (k * x) * np.exp(-rate * recency)
    idle = rate * (age - recency)
    waits = np.exp(-idle) * sum(idle**j / np.prod(range(1, j + 1)) for j in range(k))
    alive, gone = bought * (1 - p) * waits, bought * p
    h = (np.array([float(x)]), np.array([recency]), np.array([age]))
    p_alive = alive.sum() / (alive + gone).sum()
    assert predictions.p_alive(model, *h)[0] == pytest.approx(p_alive, rel=0.01)
    buys = (alive * -np.expm1(-rate * t / k)).sum() / alive.sum()
    assert predictions.p_buy_if_alive(model, *h, t)[0] == pytest.approx(buys, rel=0.01)
    expected = (alive * -np.expm1(-rate * p * t / k) / p).sum() / (alive + gone).sum()
    assert predictions.expected_purchases(model, *h, np.array([t]))[0, 0] == pytest.approx(expected, rel=0.015)
    sampled = np.log((alive + gone).mean())
    assert purchase_process.log_likelihood(model, Histories(*h, np.ones(1))) + x * np.log(
        np.prod(range(1, k))
    ) == pytest.approx(sampled, rel=0.002)


def test_nothing_breaks_where_the_closed_form_is_undefined():
    model = PurchaseModel(1, 0.5, 40.0, 1.0, 2.0)
    near = PurchaseModel(1, 0.5, 40.0, 1.0 + 1e-7, 2.0)
    h, t = arrays((3, 0.8, 400.0)), np.array([365.0])
    found = predictions.expected_purchases(model, *h, t)
    assert found == pytest.approx(predictions.expected_purchases(near, *h, t), rel=1e-6)


@pytest.mark.parametrize(("a", "b"), [(0.3, 0.2), (1.0, 1.0), (0.001, 5.0), (3000.0, 9000.0), (0.5, 2001.0)])
def test_the_beta_rule_has_the_moments_of_the_beta_distribution(a, b):
    nodes, weights = beta_rule(a, np.array([b]))
    for power in (0, 1, 2, 5):
        exact = np.prod([(a + i) / (a + b + i) for i in range(power)])
        assert (weights * nodes**power).sum() == pytest.approx(exact, rel=1e-6, abs=1e-12)
