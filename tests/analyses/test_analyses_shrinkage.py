"""Shrunk rates: between the unit's own and its kind's, covering the truth as often as they say, flags that mean it."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import betabinom

from analyses.shrinkage import SHRUNK_SCHEMA, fit_prior, shrink_rates


def stores(rows: list[tuple[str, str, int, int]]) -> pl.DataFrame:
    schema = {"store": pl.String, "kind": pl.String, "n_successes": pl.Int64, "n_trials": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(metric=pl.lit("repeat"))


def shrink(rows: list[tuple[str, str, int, int]], **more: int) -> pl.DataFrame:
    return shrink_rates(stores(rows), rate=["metric"], group="kind", unit="store", **more)


def world(seed: int, n_stores: int, mean: float = 0.3, weight: float = 40.0) -> tuple[pl.DataFrame, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.beta(mean * weight, (1 - mean) * weight, n_stores)
    trials = rng.integers(1, 300, n_stores)
    successes = rng.binomial(trials, truth)
    found = shrink(
        [(f"S{i:04}", "own", int(s), int(n)) for i, (s, n) in enumerate(zip(successes, trials, strict=True))]
    )
    return found, truth


def test_the_prior_that_made_the_stores_is_found_again():
    rng = np.random.default_rng(3)
    trials = rng.integers(20, 400, 2000)
    prior = fit_prior(betabinom.rvs(trials, 12, 28, random_state=3), trials)
    assert prior.mean == pytest.approx(0.3, abs=0.01)
    assert prior.weight == pytest.approx(40, rel=0.1)


def test_no_point_nearby_is_likelier_than_the_fit():
    s, n = np.array([3, 10, 40, 0, 25]), np.array([10, 20, 60, 8, 100])
    best = fit_prior(s, n)

    def penalised(mean, weight):
        weak = np.log(mean * (1 - mean)) - 0.5 * np.log(weight)
        return betabinom.logpmf(s, n, mean * weight, (1 - mean) * weight).sum() + weak

    around = [penalised(best.mean * m, best.weight * w) for m in (0.97, 1, 1.03) for w in (0.9, 1, 1.1)]
    assert penalised(best.mean, best.weight) >= max(around) - 1e-9


def test_intervals_hold_the_truth_as_often_as_they_say_and_shrunk_rates_lie_nearer_to_it():
    found, truth = world(11, 3000)
    inside = ((found["low"].to_numpy() <= truth) & (truth <= found["high"].to_numpy())).mean()
    assert 0.935 <= inside <= 0.965
    errors = [np.sqrt(np.mean((found[c].to_numpy() - truth) ** 2)) for c in ("shrunk_rate", "raw_rate")]
    assert errors[0] < 0.75 * errors[1]


def test_a_store_with_few_receipts_is_not_the_best_by_luck():
    found = shrink(
        [(f"S{i:02}", "own", 30, 100) for i in range(20)] + [("lucky", "own", 2, 2), ("good", "own", 600, 1000)]
    )
    by_store = {row["store"]: row for row in found.iter_rows(named=True)}
    assert by_store["good"]["rank_in_group"] == 1 and by_store["good"]["flag"] == "above"
    assert by_store["lucky"]["raw_rate"] == 1.0 and by_store["lucky"]["flag"] is None


def test_stores_that_do_not_differ_get_nearly_one_rate_and_no_flag():
    rng = np.random.default_rng(5)
    found = shrink([(f"S{i:02}", "own", int(rng.binomial(200, 0.3)), 200) for i in range(30)])
    raw, shrunk = (found[name].max() - found[name].min() for name in ("raw_rate", "shrunk_rate"))
    assert raw > 0.1 and shrunk < 0.3 * raw
    assert found["flag"].null_count() == found.height


def test_stores_are_ranked_and_flagged_within_their_own_kind():
    rows = [(f"F{i}", "flagship", 50 + i, 100) for i in range(9)] + [
        (f"C{i}", "counter", 10 + i, 100) for i in range(9)
    ]
    found = shrink(rows)
    assert found.filter(pl.col("rank_in_group") == 1)["store"].to_list() == ["C8", "F8"]
    assert set(found["prior_scope"]) == {"group"}
    assert found["flag"].null_count() == found.height, "a counter is not below because flagships are above"


def test_a_kind_with_few_stores_learns_from_all_of_them():
    rows = [(f"S{i}", "own", 30, 100) for i in range(10)] + [("X", "pop-up", 1, 2)]
    found = shrink(rows).filter(pl.col("store") == "X").row(0, named=True)
    assert found["prior_scope"] == "all" and 0.25 < found["shrunk_rate"] < 0.4


def test_stores_without_trials_have_no_rank_and_worlds_without_any_have_nothing():
    found = shrink([("S1", "own", 0, 0), ("S2", "own", 5, 10)]).row(0, named=True)
    assert found["raw_rate"] is None and found["rank_in_group"] is None and found["flag"] is None
    nothing = shrink([("S1", "own", 0, 0)]).row(0, named=True)
    assert nothing["shrunk_rate"] is None and nothing["low"] is None and nothing["group_rate"] is None
    assert shrink([]).is_empty() and set(SHRUNK_SCHEMA) <= set(shrink([]).columns)


@settings(max_examples=60)
@given(
    st.lists(st.integers(0, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), max_size=12), st.randoms()
)
def test_any_counts_give_finite_rates_in_order_whatever_the_order_of_rows(counts, random):
    rows = [(f"S{i}", "ab"[i % 2], s, n) for i, (s, n) in enumerate(counts)]
    found = shrink(rows, min_group=3)
    for row in found.filter(pl.col("shrunk_rate").is_not_null()).iter_rows(named=True):
        assert 0 <= row["low"] <= row["shrunk_rate"] <= row["high"] <= 1
        if row["raw_rate"] is not None:
            ends = sorted((row["raw_rate"], row["prior_mean"]))
            assert ends[0] - 1e-9 <= row["shrunk_rate"] <= ends[1] + 1e-9
    random.shuffle(rows)
    assert shrink(rows, min_group=3).equals(found)
