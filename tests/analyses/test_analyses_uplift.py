"""Differences between arms: published intervals, intervals that cover as stated, and what follows for a campaign."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses.campaigns import SCHEMA, campaign_effect
from analyses.uplift import Moments, cuped, newcombe, welch, wilson


# Newcombe, Statistics in Medicine 17 (1998), table II, method 10: (x1, n1, x2, n2) → limits.
@pytest.mark.parametrize(
    ("x1", "n1", "x2", "n2", "low", "high"),
    [
        (56, 70, 48, 80, 0.0524, 0.3339),
        (9, 10, 3, 10, 0.1705, 0.8090),
        (6, 7, 2, 7, 0.0582, 0.8062),
        (5, 56, 0, 29, -0.0381, 0.1926),
        (0, 10, 0, 20, -0.1611, 0.2775),
        (0, 10, 0, 10, -0.2775, 0.2775),
        (10, 10, 0, 20, 0.6791, 1.0000),
        (10, 10, 0, 10, 0.6075, 1.0000),
    ],
)
def test_newcombes_published_intervals_are_met(x1, n1, x2, n2, low, high):
    found = newcombe(x1, n1, x2, n2)
    assert (float(found.low), float(found.high)) == pytest.approx((low, high), abs=5e-5)


def test_wilsons_published_interval_is_met():
    found = wilson(81, 263)  # Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3
    assert (float(found.low), float(found.high)) == pytest.approx((0.2553, 0.3662), abs=5e-5)


@given(st.integers(1, 400), st.integers(1, 400), st.data())
def test_an_interval_holds_its_estimate_and_turns_with_the_arms(n, m, data):
    x, y = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    one, other = newcombe(x, n, y, m), newcombe(y, m, x, n)
    assert -1 - 1e-9 <= one.low <= one.estimate <= one.high <= 1 + 1e-9
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-12)


def spenders(rng, shape):
    """Spend before and after of made-up people: most buy nothing, some very much, and the same ones again."""
    rate, value = rng.lognormal(-1, 1.2, shape), rng.lognormal(3, 0.8, shape)
    return rng.poisson(rate) * value, rng.poisson(rate * 0.5) * value


def test_the_adjusted_interval_covers_as_stated_and_is_narrower():
    rng = np.random.default_rng(20260630)
    before, after = spenders(rng, (1500, 2200))
    arm = Moments.of(after[:, :2000], before[:, :2000])
    control = Moments.of(after[:, 2000:], before[:, 2000:])
    found, left = cuped(arm, control)
    plain = welch(arm, control)
    covered = np.mean((found.low <= 0) & (found.high >= 0))
    assert 0.94 <= covered <= 0.975
    assert np.mean((plain.low <= 0) & (plain.high >= 0)) < covered
    assert np.mean(found.high - found.low) < 0.85 * np.mean(plain.high - plain.low)
    assert np.all(left < 1)


def test_without_a_time_before_the_adjusted_difference_is_the_plain_one():
    rng = np.random.default_rng(1)
    after = rng.gamma(1, 10, (1, 700))
    arm = Moments.of(after[:, :500], np.zeros((1, 500)))
    control = Moments.of(after[:, 500:], np.zeros((1, 200)))
    found, left = cuped(arm, control, prior=0)
    assert left == 1
    np.testing.assert_allclose(np.ravel(found), np.ravel(welch(arm, control)))


# --- campaigns


def moments(campaign: str, arm: str, n: int, converted: int, mean: float) -> dict:
    return {
        "campaign_code": campaign, "arm": arm, "is_holdout": arm == "holdout", "n_people": n, "n_converted": converted,
        "net_mean_cny": mean, "before_mean_cny": 100.0, "net_variance": 400.0, "before_variance": 900.0,
        "covariance": 300.0,
    }  # fmt: skip


def effect(*rows: dict, cost: float = 1000.0) -> list[dict]:
    table = pl.DataFrame(list(rows))
    arms = table.select("campaign_code", "arm", "n_people").with_columns(cost_cny=cost, is_window_complete=True)
    return campaign_effect(table, arms, 0.4).to_dicts()


def test_an_effect_that_is_there_is_shown_with_its_return():
    (row,) = effect(moments("c", "A", 2000, 200, 12.0), moments("c", "holdout", 1000, 50, 6.0))
    assert (row["verdict"], row["conversion_verdict"]) == ("shown", "shown")
    assert row["conversion_uplift"] == pytest.approx(0.05)
    assert row["net_uplift_per_head_cny"] == pytest.approx(6.0)
    assert row["incremental_net_cny"] == pytest.approx(12_000.0)
    assert row["incremental_margin_cny"] == pytest.approx(4_800.0)
    assert row["roi"] == pytest.approx(3.8)
    assert row["roi_low"] == pytest.approx(row["incremental_margin_low_cny"] / 1000 - 1, abs=1e-4)
    assert row["roi_low"] < row["roi"] < row["roi_high"]


def test_an_interval_that_spans_nothing_is_not_shown():
    (row,) = effect(moments("c", "A", 2000, 101, 6.1), moments("c", "holdout", 1000, 50, 6.0))
    assert (row["verdict"], row["conversion_verdict"]) == ("not shown", "not shown")
    assert row["net_uplift_per_head_low_cny"] < 0 < row["net_uplift_per_head_high_cny"]


def test_without_holdout_nothing_is_compared():
    (row,) = effect(moments("c", "all", 2000, 101, 6.1))
    assert (row["verdict"], row["conversion_verdict"], row["n_holdout"]) == ("no holdout", "no holdout", None)
    assert row["conversion_rate"] == pytest.approx(0.0505)
    assert row["conversion_uplift"] is None and row["roi"] is None


def test_a_few_people_or_buyers_show_nothing():
    (few,) = effect(moments("c", "A", 2000, 200, 12.0), moments("c", "holdout", 29, 5, 6.0))
    assert (few["verdict"], few["conversion_verdict"]) == ("too small", "too small")
    (buyers,) = effect(moments("c", "A", 300, 9, 12.0), moments("c", "holdout", 500, 0, 6.0))
    assert (buyers["verdict"], buyers["conversion_verdict"]) == ("too small", "shown")
    assert buyers["roi"] is None


def test_what_cost_nothing_has_no_return():
    (row,) = effect(moments("c", "A", 2000, 200, 12.0), moments("c", "holdout", 1000, 50, 6.0), cost=0.0)
    assert row["roi"] is None and row["incremental_margin_cny"] > 0


def test_no_campaign_gives_no_row():
    none = pl.DataFrame(schema=pl.DataFrame([moments("c", "A", 1, 1, 1.0)]).schema)
    arms = none.select("campaign_code", "arm", "n_people").with_columns(cost_cny=0.0, is_window_complete=True)
    assert campaign_effect(none, arms, 0.4).schema == pl.Schema(SCHEMA)
