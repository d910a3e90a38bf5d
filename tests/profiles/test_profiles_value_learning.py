"""What the value models learn from a brand's own past: seasons, come-backs, what later purchases are worth."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from profiles.value_models import ValueConfig, backtest, score, spend
from profiles.value_models.fitting import fit_value, window_shares
from profiles.value_models.history import purchase_days, summarise
from profiles.value_models.seasonality import FLAT, Clock, Season, seasonal_index

QUICK = ValueConfig(has_backtest=False, equity_months=3)


def fitted(purchases: pl.DataFrame, as_of: date):
    days = purchase_days(purchases)
    history = summarise(days, as_of)
    return fit_value(days, history, QUICK)


def with_a_peak(purchases: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The same people with a sale in June, to which two in three move what they buy in the months around it."""
    day = pl.col("purchase_date")
    near = day.dt.month().is_in([5, 7]) & (pl.col("one_id").str.slice(1).cast(pl.Int64) % 3 > 0)
    moved = pl.date(day.dt.year(), 6, 1 + day.dt.day().cast(pl.Int32) * 19 // 31)
    found = purchases.with_columns(purchase_date=pl.when(near).then(moved).otherwise(day))
    return found.filter(pl.col("purchase_date") <= as_of)


@pytest.fixture(scope="module")
def seasonal(simulated, as_of):
    return with_a_peak(simulated(8000), as_of)


def test_a_peak_that_comes_back_every_year_is_found(seasonal, as_of):
    factors = fitted(seasonal, as_of).season.factors
    june, may = np.mean(factors[15:17]), np.mean(factors[12:15])
    assert june > 1.7
    assert may < 0.6
    assert np.mean(factors) == pytest.approx(1, abs=1e-3)


def test_without_seasons_the_index_stays_near_one(purchases, as_of):
    factors = np.array(fitted(purchases, as_of).season.factors)
    assert np.abs(factors - 1).max() < 0.15


def test_below_two_years_there_is_no_index(seasonal, as_of):
    later = seasonal.filter(pl.col("purchase_date") > as_of - timedelta(days=700))
    assert fitted(later, as_of).season == FLAT
    assert seasonal_index(later["purchase_date"].head(5), as_of, 0) == FLAT


def test_totals_are_right_before_a_peak(seasonal):
    """On 31 May everybody waits for June: without the index half of it would be missing."""
    eve = date(2026, 5, 31)
    known = seasonal.filter(pl.col("purchase_date") <= eve)
    expected, without = (
        score(known, eve, ValueConfig(has_backtest=False, equity_months=1, min_season_days=days))
        .clv["expected_purchases_30d"]
        .sum()
        for days in (700, 99_999)
    )
    ids = known["one_id"].unique()
    came = seasonal.filter(
        pl.col("purchase_date").is_between(eve + timedelta(days=1), eve + timedelta(days=30)),
        pl.col("one_id").is_in(ids.implode()),
    ).height
    assert expected == pytest.approx(came, rel=0.15)
    assert without < 0.7 * came


def test_operational_time_goes_there_and_back():
    clock = Clock(Season(tuple(np.linspace(0.5, 1.5, 36))), date(2026, 3, 3), 400)
    days = np.array([-400, -30, 0, 1, 30, 365])
    assert clock.at(np.array([0]))[0] == 0
    assert clock.calendar(clock.at(days)) == pytest.approx(days)
    assert (np.diff(clock.at(np.arange(-400, 366))) > 0).all()


def test_where_nobody_comes_back_next_to_no_returns_are_learnt(purchases, as_of):
    found = fitted(purchases, as_of)
    assert found.n_windows == 2
    assert found.returns.pace == pytest.approx(1, abs=0.12)
    assert found.returns.base_rate < 2e-4
    assert found.returns.first_base < 0.06


def test_where_people_come_back_the_silent_are_expected_to(simulated, as_of):
    """A third of all customers begin anew under their old name, two to fourteen months after they came."""
    first, again = simulated(9000, seed=1), simulated(3000, seed=2)
    shift = pl.col("one_id").str.slice(1).cast(pl.Int64) % 12 * 30 + 60
    late = again.with_columns(purchase_date=pl.col("purchase_date") + pl.duration(days=shift))
    both = pl.concat([first, late.filter(pl.col("purchase_date") <= as_of)])
    with_returns = fitted(both, as_of).returns
    without = fitted(first, as_of).returns
    assert with_returns.first_base > without.first_base + 0.02
    test = backtest(both, as_of, ValueConfig())["model"]
    assert abs(test["purchases_total_error"]) < 0.1
    assert test["p_buy_calibration_error"] < 0.05


def test_later_purchases_that_are_cheap_are_foretold_as_cheap(simulated, as_of):
    """The first purchase is an appliance, the others its filters: Gamma-Gamma alone expects far too much."""
    bought = simulated(6000, r=1.5).sort("one_id", "purchase_date")
    is_first = pl.col("one_id") != pl.col("one_id").shift().fill_null("")
    dear = bought.with_columns(
        net_amount_cny=pl.when(is_first).then(pl.col("net_amount_cny") * 40).otherwise(pl.col("net_amount_cny"))
    )
    test = backtest(dear, as_of, ValueConfig())
    n, mean, _ = (history := summarise(purchase_days(dear), as_of)).spending()
    alone = spend.expected_spend(spend.fit(n, mean), n, mean)
    assert test["model"]["spend_total_error"] < 0.25
    assert (alone / fitted(dear, as_of).order_value(history)).mean() > 5
    assert test["loses"] is None
    assert test["last_year"]["spend_total_error"] > 1


def test_scores_that_last_years_spend_beats_are_held_back_with_the_reason():
    """Everybody buys the same thing on the same day of every month: last year says it to the yuan."""
    as_of = date(2026, 6, 30)
    days = [date(y, m, 5) for y in (2024, 2025, 2026) for m in range(1, 13) if date(y, m, 5) <= as_of]
    n_each = [1 + i % 12 for i in range(900)]
    rows = [
        {"one_id": f"P{i:04d}", "purchase_date": day, "net_amount_cny": 50.0 + i}
        for i, n in enumerate(n_each)
        for day in days
        if day.month <= n
    ]
    found = score(pl.DataFrame(rows), as_of)
    assert found.gate.startswith("Scores held back: in the back-test, last year's spend ")
    assert found.clv.height == 0
    assert found.equity.height == 0
    table = found.model_table()
    assert table.select("gate", "is_held_back").rows() == [(found.gate, True)]
    assert table["kind"][0] is not None
    assert table["backtest_spend_gini"][0] > 0.9
    assert found.calibration_table().height == 10


def test_the_calibration_table_is_the_back_test_by_decile(purchases, as_of):
    found = score(purchases, as_of, ValueConfig(equity_months=1))
    table = found.calibration_table()
    assert table["decile"].to_list() == list(range(1, 11))
    assert table["n_customers"].sum() == found.model["backtest"]["n_customers"]
    assert table["expected_spend_cny"].is_sorted(descending=True)
    assert table["model_run"].unique().to_list() == [found.model["model_run"]]
    assert score(purchases, as_of, QUICK).calibration_table().schema == table.schema


def test_equity_tells_each_month_end_with_what_was_known_then(purchases, as_of):
    found = score(purchases, as_of, QUICK)
    assert found.equity["month_end_date"].to_list() == [date(2026, 9, 30), date(2026, 10, 31), as_of]
    last = found.equity.row(-1, named=True)
    assert last["n_customers"] == found.clv.height
    assert last["clv_12m_cny"] == pytest.approx(found.clv["clv_12m_cny"].sum(), rel=1e-4)
    assert last["n_alive"] == pytest.approx(found.clv["p_alive"].sum(), rel=1e-4)
    earlier = purchases.filter(pl.col("purchase_date") <= date(2026, 9, 30))["one_id"].n_unique()
    assert found.equity["n_customers"][0] == earlier


def test_equity_of_a_sample_is_scaled_to_the_whole_base(purchases, as_of, monkeypatch):
    whole = score(purchases, as_of, QUICK).equity
    monkeypatch.setattr("profiles.value_models.equity.SAMPLE", 3000)
    part = score(purchases, as_of, QUICK).equity
    assert part["clv_12m_cny"][-1] == pytest.approx(whole["clv_12m_cny"][-1], rel=0.05)
    assert part["n_customers"][-1] == whole["n_customers"][-1]


@pytest.mark.parametrize("days", [1, 200, 365, 1095, 9000])
def test_inner_windows_take_at_most_half_of_the_history(days):
    longer, shorter = window_shares(days)
    assert 0 < shorter < longer <= 0.5
