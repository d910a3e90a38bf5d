"""Stage thresholds: quantiles of closed gaps, with a fallback and a floor."""

from datetime import date, timedelta

import polars as pl
import pytest

from profiles.thresholds import THRESHOLD_SCHEMA, closed_gaps, stage_thresholds

START = date(2025, 1, 1)
END = date(2026, 11, 21)


def buyers(gaps: list[int], category: str | None = None) -> pl.DataFrame:
    """Two purchases for each gap, by a customer of their own."""
    rows = [(f"P{i}", START + timedelta(days=d)) for i, gap in enumerate(gaps) for d in (0, gap)]
    frame = pl.DataFrame(rows, schema={"one_id": pl.String, "purchase_date": pl.Date}, orient="row")
    return frame.with_columns(category=pl.lit(category, pl.String))


def test_thresholds_are_the_quantiles_of_the_closed_gaps():
    found = stage_thresholds(buyers(list(range(10, 311))), END)
    assert dict(found.schema) == THRESHOLD_SCHEMA
    assert found.rows() == [("all", None, 250.0, 295.0, 301, "measured")]


def test_too_few_gaps_fall_back():
    assert stage_thresholds(buyers([30] * 199), END).rows() == [("all", None, 90.0, 180.0, 199, "fallback")]


def test_no_purchase_at_all_falls_back():
    assert stage_thresholds(buyers([]), END).rows() == [("all", None, 90.0, 180.0, 0, "fallback")]


def test_thresholds_have_a_floor_of_a_week():
    assert stage_thresholds(buyers([2] * 300), END).rows() == [("all", None, 7.0, 7.0, 300, "measured")]


def test_each_category_has_its_own_thresholds_and_unknown_ones_none():
    lines = pl.concat([buyers([40] * 250, "filter_cartridge"), buyers([900] * 5, "hob"), buyers([5] * 300)])
    found = stage_thresholds(buyers([40] * 250), END, lines)
    assert found.rows() == [
        ("all", None, 40.0, 40.0, 250, "measured"),
        ("category", "filter_cartridge", 40.0, 40.0, 250, "measured"),
        ("category", "hob", 90.0, 180.0, 0, "fallback"),  # its second purchases lie after the as-of date
    ]


def test_two_purchases_on_one_day_are_no_gap():
    frame = pl.concat([buyers([10]), buyers([10])])
    assert closed_gaps(frame, END)["gap_days"].to_list() == [10]


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_rows_changes_nothing(purchases, as_of, seed):
    frame = purchases.with_columns(category=pl.lit("a"))
    mixed = frame.sample(fraction=1.0, shuffle=True, seed=seed)
    assert stage_thresholds(mixed, as_of, mixed).equals(stage_thresholds(frame, as_of, frame))
