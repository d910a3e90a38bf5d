"""Predictions against closed forms, against sampling, and their invariants."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import hyp2f1

from profiles.value_models import predictions, purchase_process
from profiles.value_models.forecast import Forecast
from profiles.value_models.purchase_process import Histories, PurchaseModel
from profiles.value_models.quadrature import beta_rule
from profiles.value_models.returns import NO_RETURNS, Returns

MODELS = st.builds(
    PurchaseModel,
    k=st.sampled_from([1, 2, 3]),
    r=st.floats(0.1, 5),
    alpha=st.floats(1, 200),
    a=st.floats(0.05, 8),
    b=st.floats(0.05, 20),
    dropout_at_first=st.booleans(),
)
RETURNS = st.builds(
    Returns,
    pace=st.floats(0.4, 2.5),
    base_rate=st.floats(0, 0.02),
    rate_share=st.floats(0, 1),
    first_base=st.floats(0, 2),
    first_share=st.floats(0, 2),
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
@given(MODELS, HISTORIES, RETURNS)
def test_predictions_are_finite_ordered_and_within_bounds(model, history, returns):
    h = arrays(history)
    alive = predictions.p_alive(model, *h)
    buys = [predictions.p_buy_if_alive(model, *h, t)[0] for t in (30.0, 90.0, 365.0)]
    expected = predictions.expected_purchases(model, *h, np.array([30.0, 90.0, 365.0]))[0]
    forecast = Forecast(model, returns, Histories(*h, np.ones(1)))
    times = [forecast.time_to_buy(365.0, q)[0] for q in (0.1, 0.5, 0.9)]
    assert 0 <= alive[0] <= 1
    assert 0 <= buys[0] <= buys[1] <= buys[2] <= 1
    assert 0 <= expected[0] <= expected[1] <= expected[2] < np.inf
    assert expected[2] >= alive[0] * buys[2] * (1 - 1e-3)  # expecting n purchases is at least expecting one
    assert 0 < times[0] <= times[1] <= times[2] <= 365
    means = forecast.expected_purchases(np.array([30.0, 90.0, 365.0]))[0]
    chances = [forecast.p_buy(t)[0] for t in (30.0, 90.0, 365.0)]
    assert 0 <= chances[0] <= chances[1] <= chances[2] <= 1
    assert 0 <= means[0] <= means[1] <= means[2] < np.inf
    assert means[2] >= chances[2] * (1 - 1e-3)
    assert forecast.median_purchases(365.0)[0] <= 2 * means[2] + 1


@settings(max_examples=40, deadline=None)
@given(MODELS, HISTORIES, RETURNS, st.floats(0.05, 0.95))
def test_the_quantile_of_the_next_purchase_inverts_the_chance_to_buy(model, history, returns, quantile):
    forecast = Forecast(model, returns, Histories(*arrays(history), np.ones(1)))
    time = forecast.time_to_buy(365.0, quantile)
    earlier, later = (forecast.p_buy(float(time[0]) + beyond)[0] for beyond in (-0.05, 0.05))
    assert earlier <= quantile * forecast.p_buy(365.0)[0] * (1 + 1e-9)
    assert later >= quantile * forecast.p_buy(365.0)[0] * (1 - 1e-3)


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


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_median_of_purchases_is_that_of_a_sampled_future(k):
    model = PurchaseModel(k, 3.0, 60.0, 0.3, 4.0)
    x, recency, age, horizon = 6, 300.0, 310.0, 200.0
    h = Histories(np.array([float(x)]), np.array([recency]), np.array([age]), np.ones(1))
    forecast = Forecast(model, NO_RETURNS, h)
    rng = np.random.default_rng(4)
    n = 40_000
    stage = rng.choice(k, n, p=predictions.stage_weights(model, h.frequency, h.recency, h.age)[:, 0])
    rate = rng.gamma(model.r + k * x + stage, 1 / (model.alpha + age)) / k
    stays = rng.beta(model.a, model.b + x + 1, n)
    leaves_after = rng.geometric(np.clip(stays, 1e-9, 1))
    bought = np.minimum(rng.poisson(rate * horizon), leaves_after) * (rng.random(n) < forecast.alive[0])
    assert forecast.median_purchases(horizon)[0] == np.median(bought)
    assert forecast.expected_purchases(np.array([horizon]))[0, 0] == pytest.approx(bought.mean(), rel=0.03)
