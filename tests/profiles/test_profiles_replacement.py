"""Replacement of durables: lives, windows, chances."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.stats import CensoredData, weibull_min

from profiles.categories import load_categories
from profiles.replacement import DURABLE_SCHEMA, Life, fit_life, replacement_due

AS_OF = date(2026, 11, 21)
CATEGORIES = load_categories()


def bought(rows: list[tuple[str, str, int]]) -> pl.DataFrame:
    """Purchases by (one_id, category, days before the as-of date)."""
    dated = [(one_id, category, AS_OF - timedelta(days=age)) for one_id, category, age in rows]
    return pl.DataFrame(
        dated, schema={"one_id": pl.String, "category": pl.String, "purchase_date": pl.Date}, orient="row"
    )


def test_each_owned_durable_is_one_row_and_consumables_are_none():
    rows = [
        ("P1", "water_purifier", 2000),
        ("P1", "water_purifier", 100),
        ("P1", "filter_cartridge", 50),
        ("P2", "hob", 5),
    ]
    found = replacement_due(bought(rows), CATEGORIES, AS_OF).durable
    assert dict(found.schema) == DURABLE_SCHEMA
    assert found.select("one_id", "category", "age_days").rows() == [("P1", "water_purifier", 100), ("P2", "hob", 5)]


def test_the_status_follows_the_quartiles_of_the_configured_life():
    life = Life.from_median(5.0, 3.0)
    quarter, three_quarters = (int(np.ceil(life.quantile(q) * 365.25)) for q in (0.25, 0.75))
    ages = {"P1": quarter - 1, "P2": quarter, "P3": three_quarters, "P4": three_quarters + 1}
    rows = [(one_id, "water_purifier", age) for one_id, age in ages.items()]
    found = replacement_due(bought(rows), CATEGORIES, AS_OF).durable
    assert found["status"].to_list() == ["not_due", "window", "window", "overdue"]
    assert found["window_from"][1] == AS_OF
    assert found["window_to"][2] == AS_OF


def test_the_due_dates_lie_ahead_whatever_the_age():
    rows = [(f"P{i:02d}", "water_purifier", age) for i, age in enumerate(range(0, 6000, 250))]
    found = replacement_due(bought(rows), CATEGORIES, AS_OF).durable
    assert (found["due_from"] > AS_OF).all()
    assert (found["due_to"] > found["due_from"]).all()
    assert found["p_replace_12m"].is_between(0, 1).all()
    assert found.sort("age_days")["p_replace_12m"].is_sorted()


def test_the_due_window_holds_half_of_the_replacements_of_those_that_reached_the_age():
    life, age = Life.from_median(5.0, 3.0), 4.0
    draws = life.scale * np.random.default_rng(1).weibull(life.shape, 400_000)
    rest = draws[draws > age]
    low, high = life.quantile(0.25, age), life.quantile(0.75, age)
    assert ((rest >= low) & (rest <= high)).mean() == pytest.approx(0.5, abs=0.005)
    assert (rest <= age + 1).mean() == pytest.approx(life.p_end_within(1.0, np.array([age]))[0], abs=0.005)


def test_the_configured_median_is_the_median():
    life = Life.from_median(7.0, 3.0)
    assert life.median_years == pytest.approx(7.0)
    assert life.quantile(0.5) == pytest.approx(7.0)


def test_the_fit_is_that_of_scipy():
    rng = np.random.default_rng(2)
    lives, ends = 6.5 * rng.weibull(2.8, 1500), rng.uniform(0.5, 9, 1500)
    replaced, running = lives[lives <= ends], ends[lives > ends]
    shape, _, scale = weibull_min.fit(CensoredData(uncensored=replaced, right=running), floc=0)
    found = fit_life(replaced, running)
    assert (found.shape, found.scale) == pytest.approx((shape, scale), rel=1e-3)


def test_a_hundred_replacements_take_the_place_of_the_setting():
    rng = np.random.default_rng(4)
    rows = []
    for i in range(500):
        age = float(rng.integers(1500, 4000))
        while age > 0:
            rows.append((f"P{i}", "hob", int(age)))
            age -= 365.25 * 3.0 * rng.weibull(4.0)
    found = replacement_due(bought(rows), CATEGORIES, AS_OF).life.row(0, named=True)
    assert found["source"] == "measured"
    assert found["n_owned"] == 500
    assert found["median_years"] == pytest.approx(3.0 * np.log(2) ** 0.25, rel=0.1)


def test_two_of_a_kind_within_half_a_year_are_no_replacement():
    rows = [(f"P{i}", "hob", age) for i in range(200) for age in (1000, 900)]
    found = replacement_due(bought(rows), CATEGORIES, AS_OF).life.row(0, named=True)
    assert (found["n_replacements"], found["source"]) == (0, "configured")


@pytest.mark.parametrize("gap", [200, 4000])
def test_lives_all_alike_stay_finite(gap):
    found = fit_life(np.full(150, gap / 365.25), np.zeros(150))
    assert np.isfinite([found.shape, found.scale]).all()


def test_nothing_bought_is_nothing_due():
    found = replacement_due(bought([]), CATEGORIES, AS_OF)
    assert found.durable.height == 0
    assert dict(found.durable.schema) == DURABLE_SCHEMA
    assert found.life.height == 0
