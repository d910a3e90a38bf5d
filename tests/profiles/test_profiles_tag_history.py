"""Who had which tag when: spans are a function of the days on which tags were computed, in whatever order."""

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiles.tagging import history

START = date(2026, 6, 1)  # a Monday
PEOPLE = ("P1", "P2")


def tag(name: str = "vip", refresh: str = "daily") -> Any:
    return SimpleNamespace(tag=name, refresh=refresh)


def connect(tmp_path: Path, tables: Path | None = None, **ids: str | None) -> duckdb.DuckDBPyConnection:
    """A warehouse that remembers the tables of a snapshot; `ids` are OneIDs with what they were merged into."""
    known = {one_id: None for one_id in PEOPLE} | ids
    frame = pl.DataFrame(
        {"one_id": list(known), "merged_into": list(known.values())},
        schema={"one_id": pl.String, "merged_into": pl.String},
    )
    frame.write_parquet(tmp_path / "one_id.parquet")
    con = duckdb.connect()
    history.recall(con, tables, tmp_path / "one_id.parquet")
    return con


def observe(
    con: duckdb.DuckDBPyConnection, day: date, had: list[tuple[str, str]], tags: list[Any] | None = None
) -> None:
    """A run of that day: who had the tag `vip`, with which value."""
    tags = tags or [tag()]
    computed = history.due(con, tags, day).fresh
    values = ", ".join(f"('{one_id}', '{t.tag}', '{value}')" for one_id, value in had for t in computed)
    rows = (
        f"(values {values}) as t(one_id, tag, value)" if values else "(values ('', '', null)) as t(one_id, tag, value)"
    )
    history.observe(con, day, computed, f"(select * from {rows})")


def spans(con: duckdb.DuckDBPyConnection) -> list[tuple]:
    return con.sql("select one_id, value, valid_from, valid_to from customer.tag_history order by all").fetchall()


def day(number: int) -> date:
    return START + timedelta(days=number)


def test_a_value_holds_from_the_run_that_found_it_until_the_run_that_did_not(tmp_path):
    con = connect(tmp_path)
    observe(con, day(0), [("P1", "gold")])
    observe(con, day(1), [("P1", "gold"), ("P2", "gold")])
    observe(con, day(5), [("P1", "silver")])
    assert spans(con) == [
        ("P1", "gold", day(0), day(4)),
        ("P1", "silver", day(5), None),
        ("P2", "gold", day(1), day(4)),
    ]


def test_a_day_run_again_changes_nothing_and_with_other_results_replaces_them(tmp_path):
    con = connect(tmp_path)
    for number in range(4):
        observe(con, day(number), [("P1", "gold")])
    before = spans(con)
    observe(con, day(2), [("P1", "gold")])
    assert spans(con) == before
    observe(con, day(2), [("P1", "silver")])
    assert spans(con) == [
        ("P1", "gold", day(0), day(1)), ("P1", "gold", day(3), None), ("P1", "silver", day(2), day(2)),
    ]  # fmt: skip
    observe(con, day(2), [("P1", "gold")])
    assert spans(con) == before


OBSERVATIONS = st.lists(
    st.tuples(st.integers(0, 40), st.sets(st.tuples(st.sampled_from(PEOPLE), st.sampled_from("ab")))),
    min_size=1,
    max_size=12,
    unique_by=lambda pair: pair[0],
)


@settings(max_examples=25)
@given(observations=OBSERVATIONS, refresh=st.sampled_from(["daily", "weekly", "monthly"]), data=st.data())
def test_the_order_in_which_days_are_put_in_does_not_matter(tmp_path_factory, observations, refresh, data):
    folder = tmp_path_factory.mktemp("w")
    mixed = data.draw(st.permutations(observations))
    found = []
    for order in (sorted(observations), mixed):
        con = connect(folder)
        for number, had in order:
            observe(con, day(number), sorted(had), [tag(refresh=refresh)])
        observed = con.sql("select observed_date from customer.tag_observation order by 1").fetchall()
        found.append((spans(con), observed))
    assert found[0] == found[1]
    counted: dict[Any, tuple[int, set]] = {}
    for number, had in sorted(observations):
        period = {"daily": number, "weekly": number // 7, "monthly": day(number).month}[refresh]
        counted.setdefault(period, (number, had))
    days = sorted(counted.values(), key=lambda pair: pair[0])
    for number in range(42):
        past = [had for when, had in days if when <= number]
        having = {
            (one_id, value)
            for one_id, value, first, last in found[0][0]
            if first <= day(number) and (last is None or day(number) <= last)
        }
        assert having == (past[-1] if past else set()), number


def test_a_merged_id_brings_its_past_to_the_one_that_it_became_and_a_split_keeps_its_own(tmp_path):
    con = connect(tmp_path)
    observe(con, day(0), [("P1", "gold"), ("P2", "gold")])
    observe(con, day(3), [("P2", "gold")])
    (tmp_path / "customer").mkdir()
    for name in ("tag_history", "tag_observation"):
        con.execute(f"copy customer.{name} to '{tmp_path}/customer/{name}.parquet'")
    con = connect(tmp_path, tmp_path, P1=None, P2="P1", P3=None)
    assert spans(con) == [("P1", "gold", day(0), None)]
    observe(con, day(4), [("P3", "gold")])
    assert spans(con) == [("P1", "gold", day(0), day(3)), ("P3", "gold", day(4), None)]


def test_of_an_id_that_is_not_there_any_more_nothing_is_kept(tmp_path):
    con = connect(tmp_path, P9=None)
    observe(con, day(0), [("P9", "gold")])
    (tmp_path / "customer").mkdir()
    con.execute(f"copy customer.tag_history to '{tmp_path}/customer/tag_history.parquet'")
    assert spans(connect(tmp_path, tmp_path)) == []


def test_a_weekly_tag_is_computed_in_the_first_run_of_a_week_and_kept_in_between(tmp_path):
    con = connect(tmp_path)
    weekly = tag(refresh="weekly")
    con.execute("create table customer.tag (one_id varchar, tag varchar, value varchar, since date, model_run varchar)")
    observe(con, day(1), [("P1", "gold")], [weekly])
    assert [t.tag for t in history.due(con, [weekly], day(6)).kept] == ["vip"]
    history.keep(con, day(6), [weekly])
    assert con.sql("select one_id, value, since from customer.tag").fetchall() == [("P1", "gold", day(1))]
    assert [t.tag for t in history.due(con, [weekly], day(7)).fresh] == ["vip"]


def test_a_tag_that_nobody_defines_any_more_ends(tmp_path):
    con = connect(tmp_path)
    observe(con, day(0), [("P1", "gold")])
    assert history.retire(con, day(0), []) == [], "it was computed on this very day"
    assert history.retire(con, day(2), []) == ["vip"]
    assert spans(con) == [("P1", "gold", day(0), day(1))]
    assert history.retire(con, day(3), []) == []


@pytest.mark.parametrize("refresh", ["daily", "weekly"])
def test_a_home_without_a_past_computes_everything(tmp_path, refresh):
    con = connect(tmp_path)
    assert history.due(con, [tag(refresh=refresh)], day(0)).kept == []
