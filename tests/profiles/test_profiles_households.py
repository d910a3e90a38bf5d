"""Households: who lives together, whatever the order and direction in which it is told."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from profiles.households import HOUSEHOLD_SCHEMA, households

ids = st.integers(0, 12).map(lambda i: f"P{i:02d}")


def pairs(*rows: tuple) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["one_id", "other_one_id"], orient="row")


def test_people_who_live_with_the_same_person_are_one_household():
    found = households(pairs(("P3", "P2"), ("P2", "P1"), ("P8", "P9")))
    assert found.rows() == [("HP1", "P1", 3), ("HP1", "P2", 3), ("HP1", "P3", 3), ("HP8", "P8", 2), ("HP8", "P9", 2)]


def test_nobody_lives_with_nobody():
    assert households(pairs(("P1", "P1"), ("P1", None))).schema == HOUSEHOLD_SCHEMA
    assert households(pl.DataFrame(schema={"one_id": pl.String, "other_one_id": pl.String})).height == 0


def test_a_group_too_large_for_a_home_is_none():
    crowd = pairs(*((f"P{i}", f"P{i + 1}") for i in range(8)))
    assert households(crowd).height == 0
    assert households(crowd, max_members=9)["one_id"].len() == 9


@given(st.lists(st.tuples(ids, ids), max_size=20), st.randoms())
def test_order_and_direction_do_not_matter_and_everybody_has_one_home(rows, rng):
    turned = [row[::-1] if rng.random() < 0.5 else row for row in rows]
    rng.shuffle(turned)
    one, other = households(pairs(*rows), 100), households(pairs(*turned), 100)
    assert one.rows() == other.rows()
    assert one["one_id"].is_unique().all()
    home = dict(one.select("one_id", "household_id").iter_rows())
    assert all(home[a] == home[b] for a, b in rows if a != b)
