"""Differences between arms: published intervals, intervals that cover as stated, and what follows for a campaign."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyses.campaigns import BREAKDOWN_SCHEMA, SCHEMA, breakdown_effect, campaign_effect
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


# --- channels, stores and staff


def of_store(store: str, is_holdout: bool, n: int, converted: int, mean: float, campaign: str = "c") -> dict:
    told = moments(campaign, "holdout" if is_holdout else "A", n, converted, mean)
    del told["arm"]
    return {**told, "breakdown": "store", "breakdown_value": store, "n_assigned": n, "cost_cny": 0.1 * n}


def by_store(*rows: dict) -> dict[str, dict]:
    return {row["breakdown_value"]: row for row in breakdown_effect(pl.DataFrame(list(rows)), 0.4).to_dicts()}


def test_a_store_is_compared_with_those_of_its_own_people_who_were_held_out():
    found = by_store(
        of_store("S1", False, 2000, 400, 12.0), of_store("S1", True, 1000, 50, 6.0),
        of_store("S2", False, 2000, 400, 12.0), of_store("S2", True, 1000, 200, 12.0),
    )  # fmt: skip
    assert {store: row["verdict"] for store, row in found.items()} == {"S1": "shown", "S2": "not shown"}
    assert found["S1"]["conversion_uplift"] == pytest.approx(0.15)
    assert found["S1"]["incremental_net_cny"] == pytest.approx(12_000.0)
    assert found["S1"]["roi"] == pytest.approx(12_000 * 0.4 / 200 - 1)


def test_a_store_with_few_people_is_too_small_and_one_without_a_holdout_has_none():
    found = by_store(
        of_store("S1", False, 29, 20, 12.0), of_store("S1", True, 500, 50, 6.0), of_store("S2", False, 500, 50, 6.0)
    )
    assert {store: row["verdict"] for store, row in found.items()} == {"S1": "too small", "S2": "no holdout"}
    assert found["S1"]["conversion_uplift"] is None and found["S2"]["n_holdout"] is None


def test_of_many_stores_the_intervals_hold_together():
    pair = (of_store("S1", False, 300, 40, 12.0), of_store("S1", True, 300, 24, 9.0))
    more = [of_store(f"T{n}", is_holdout, 300, 30, 9.0) for n in range(19) for is_holdout in (False, True)]
    small = [of_store("U", False, 9, 3, 9.0), of_store("U", True, 9, 3, 9.0)]
    elsewhere = [of_store("S1", is_holdout, 300, 30, 9.0, campaign="d") for is_holdout in (False, True)]
    alone, among = by_store(*pair)["S1"], by_store(*pair, *more, *small)["S1"]
    assert (alone["confidence"], among["confidence"]) == (0.95, pytest.approx(1 - 0.05 / 20))
    expected = newcombe(40, 300, 24, 300, 1 - 0.05 / 20)
    assert among["conversion_uplift_low"] == pytest.approx(float(expected.low), abs=1e-6)
    assert alone["net_uplift_per_head_low_cny"] > among["net_uplift_per_head_low_cny"]
    both = breakdown_effect(pl.DataFrame([*pair, *elsewhere]), 0.4)
    assert both["confidence"].to_list() == [0.95, 0.95], "campaigns do not count for each other"


def test_of_stores_that_brought_nothing_hardly_ever_any_is_shown():
    rng = np.random.default_rng(20261130)
    n_campaigns, n_stores, n = 120, 12, 200
    rows = [
        of_store(f"S{store}", is_holdout, n, int(rng.binomial(n, 0.15)), 10.0, campaign=f"c{campaign:03d}")
        for campaign in range(n_campaigns)
        for store in range(n_stores)
        for is_holdout in (False, True)
    ]
    found = breakdown_effect(pl.DataFrame(rows), 0.4)
    wrong = found.group_by("campaign_code").agg(pl.col("conversion_verdict").eq("shown").any())
    assert wrong["conversion_verdict"].mean() <= 0.1  # one by one it would be 1 - 0.95 ** 12 = 0.46


def test_no_campaign_gives_no_row_of_a_store():
    none = pl.DataFrame(schema=pl.DataFrame([of_store("S", False, 1, 1, 1.0)]).schema)
    assert breakdown_effect(none, 0.4).schema == pl.Schema(BREAKDOWN_SCHEMA)
