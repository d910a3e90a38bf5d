"""The stage history says of every past day what a run of that day says, thresholds of that day included."""

import itertools
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from dbt_world import AS_OF, SOURCES, World, at, day, rows
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dbt_like_sql.project import load_project
from dbt_like_sql.runner import Runner, mount
from profiles import thresholds
from profiles.showing import HISTORY
from profiles.stage_bands import stage_bands

PROJECT = load_project()
END = day(AS_OF)
STAGES = "select one_id, scope, category, stage from"


def run(runner: Runner, *targets: str, after: tuple[str, ...] = ()) -> None:
    """Builds models with what they need, but for what those of `after` needed."""
    needed = PROJECT.upstream(targets) - (PROJECT.upstream(after) if after else set())
    for name in PROJECT.order():
        if name in needed:
            runner.run(name)


def declare(runner: Runner, world: World, folder: Path, *targets: str) -> None:
    """Files of all tables that models read, and nothing of those that the test makes itself."""
    world.write(PROJECT, folder, {pair for name in PROJECT.upstream(targets) for pair in PROJECT.model(name).sources})
    for source in SOURCES:
        mount(runner.con, PROJECT, source, folder / source)


def with_history(world: World, folder: Path, target: str = "stage_history") -> Runner:
    """The warehouse up to a model that reads the bands; these are worked out in between, as a run does."""
    runner = world.build(PROJECT, folder, "int_gap_change")
    declare(runner, world, folder, target)
    run(runner, "int_purchase_span", after=("int_gap_change",))
    found = stage_bands(
        runner.con.sql("from lake.intermediate.int_purchase_span").pl(),
        runner.con.sql("from lake.intermediate.int_gap_change").pl(),
        END,
    )
    found.band.write_parquet(folder / "profiles" / "stage_band.parquet")
    found.won_back.write_parquet(folder / "profiles" / "won_back_band.parquet")
    found.threshold.write_parquet(folder / "profiles" / "stage_threshold_history.parquet")
    mount(runner.con, PROJECT, "profiles", folder / "profiles")
    run(runner, target, after=("int_gap_change", "int_purchase_span"))
    return runner


def as_of(world: World, folder: Path, when: date) -> set[tuple[Any, ...]]:
    """Person, scope, category and stage as a run of that day has them."""
    runner = world.build(PROJECT, folder, "category_purchase_day", as_of=when.isoformat())
    declare(runner, world, folder, "lifecycle", "lifecycle_category")
    run(runner, "purchase_day", after=("category_purchase_day",))
    found = thresholds.stage_thresholds(
        runner.con.sql("from customer.purchase_day").pl(),
        when,
        runner.con.sql("from customer.category_purchase_day").pl(),
    )
    found.write_parquet(folder / "profiles" / "stage_threshold.parquet")
    mount(runner.con, PROJECT, "profiles", folder / "profiles")
    run(runner, "lifecycle", "lifecycle_category", after=("category_purchase_day", "purchase_day"))
    business = rows(runner, "select one_id, 'all', 'all', stage from customer.lifecycle")
    return {*business, *rows(runner, "select one_id, 'category', category, stage from customer.lifecycle_category")}


def on(runner: Runner, when: date) -> set[tuple[Any, ...]]:
    query = f"{STAGES} customer.stage_history where date '{when}' between valid_from and coalesce(valid_to, '{END}')"
    found = rows(runner, query)
    assert len(found) == len(set(found))
    return set(found)


TITLES = ("净水器滤芯套装", "燃气热水器", "置物架")
PURCHASE = st.tuples(
    st.integers(0, 5),  # who
    st.integers(0, 400),  # days before the end
    st.sampled_from([10.0, 50.0]),
    st.sampled_from(TITLES),
    st.sampled_from([None, None, None, 0, 3, 40]),  # given back after so many days
)
CONTACT = st.tuples(st.integers(0, 7), st.integers(0, 420), st.sampled_from([None, None, 30, 200]))


def random_world(purchases: list[tuple[Any, ...]], contacts: list[tuple[Any, ...]]) -> World:
    world = World()
    for i in range(8):
        has_phone = i in (2, 6) and any(who == i for who, _, _ in contacts)
        world.person(f"P{i}", **({"phone": f"h:{i}"} if has_phone else {}))
    for category, pattern in (("filter", "滤芯"), ("water_heater", "热水器")):
        durable = category == "water_heater"
        world.add("profiles", "category_pattern", category=category, pattern=pattern, priority=1, is_durable=durable)
    for n, (who, ago, paid, title, back) in enumerate(purchases):
        bought = END - timedelta(days=ago)
        tickets = [(f"o{n}", bought, paid, False)]
        if back is not None and back <= ago:
            tickets.append((f"b{n}", bought + timedelta(days=back), -paid, True))
        for key, when, amount, is_return in tickets:
            world.order(key, f"P{who}", f"{when} 04:00", amount, is_return=is_return)
            line = {"order_key": key, "record_id": f"r-{key}", "line_no": "1", "title": title, "qty": 1.0}
            world.add("touchpoints", "order_lines", **line, line_amount=amount)
    for n, (who, ago, lasts) in enumerate(contacts):
        known = END - timedelta(days=ago)
        world.record(f"c{n}", "wechat_oa", "customer", f"{known} 10:00", contact=f"P{who}")
        kind = "phone" if who in (2, 6) else "wechat_openid"
        until = at(f"{known + timedelta(days=lasts)} 09:00") if lasts and kind == "wechat_openid" else None
        identifier = {"id_type": kind, "id_scope": "", "id_value": f"v{n}", "strength": "exact", "valid_to": until}
        world.add("touchpoints", "identifier", record_id=f"c{n}", role="contact", **identifier)
    return world


# Not shrunk: an example builds three warehouses.
@settings(max_examples=4, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    purchases=st.lists(PURCHASE, min_size=20, max_size=60),
    contacts=st.lists(CONTACT, min_size=2, max_size=10),
    dates=st.lists(st.integers(0, 300), min_size=2, max_size=2, unique=True),
)
def test_on_any_day_the_history_has_the_stages_of_a_run_of_that_day(
    tmp_path_factory, monkeypatch, purchases, contacts, dates
):
    monkeypatch.setattr(thresholds, "MIN_GAPS", 4)  # so that thresholds are measured, and move from day to day
    folder = tmp_path_factory.mktemp("w")
    world = random_world(purchases, contacts)
    runner = with_history(world, folder)
    for ago in dates:
        when = END - timedelta(days=ago)
        assert on(runner, when) == as_of(world, folder / str(ago), when), when


def test_spans_of_a_person_do_not_overlap_and_neighbours_differ(tmp_path):
    purchases = [(0, 300, 10.0, TITLES[0], None), (0, 290, 10.0, TITLES[0], None), (0, 10, 10.0, TITLES[0], None)]
    runner = with_history(random_world(purchases, [(0, 350, None)]), tmp_path)
    found = rows(
        runner,
        "select stage, valid_from, valid_to from customer.stage_history "
        "where one_id = 'P0' and scope = 'all' order by valid_from",
    )
    assert [stage for stage, _, _ in found] == [
        "potential", "new", "repeat", "at_risk", "silent", "won_back",
    ]  # fmt: skip
    assert [(b - a).days for (_, _, a), (_, b, _) in itertools.pairwise(found)] == [1] * (len(found) - 1)
    assert found[-1][2] is None
    assert found[3][1] == END - timedelta(days=290 - 91), "the day after 90 days, the threshold of so few gaps"


def test_a_purchase_given_back_counts_until_it_was_given_back(tmp_path):
    world = random_world([(0, 100, 50.0, TITLES[0], 3)], [(0, 350, None)])
    found = rows(
        with_history(world, tmp_path),
        "select stage, valid_from, valid_to from customer.stage_history where scope = 'all' order by valid_from",
    )
    bought, back = END - timedelta(days=100), END - timedelta(days=97)
    assert found == [
        ("potential", END - timedelta(days=350), bought - timedelta(days=1)),
        ("new", bought, back - timedelta(days=1)),
        ("potential", back, None),
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_thresholds_of_each_day_are_to_the_last_bit_those_of_a_run_of_that_day(purchases_of, seed):
    frame, last = purchases_of(seed)
    spans = frame.select("scope", "category", "last_purchase_date", "last_gap_days")
    changes = (
        frame.drop_nulls("last_gap_days")
        .group_by("scope", "category", gap_days="last_gap_days", change_date="last_purchase_date")
        .agg(n_change=pl.len().cast(pl.Int64))
    )
    history = stage_bands(spans, changes, last).threshold
    bought = frame.select("one_id", purchase_date="last_purchase_date")
    for ago in range(0, 300, 23):
        when = last - timedelta(days=ago)
        expected = thresholds.stage_thresholds(bought, when).row(0)[2:]
        of_day = history.filter(
            (pl.col("valid_from") <= when) & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= when))
        )
        assert of_day.select("q80_days", "q95_days", "n_gaps", "source").rows() == [expected], when


@pytest.fixture
def purchases_of():
    def make(seed: int):
        rng = np.random.default_rng(seed)
        who, when = rng.integers(0, 150, 900), rng.integers(0, 500, 900)
        frame = (
            pl.DataFrame({"one_id": [f"P{i}" for i in who], "day": when})
            .unique()
            .with_columns(last_purchase_date=pl.lit(date(2025, 1, 1)) + pl.duration(days="day"))
            .sort("one_id", "day")
            .with_columns(last_gap_days=pl.col("day").diff().over("one_id").cast(pl.Int64))
            .with_columns(scope=pl.lit("all"), category=pl.lit("all"))
        )
        return frame, date(2025, 1, 1) + timedelta(days=499)

    return make


def test_the_flow_between_two_days_counts_everyone_once_and_the_macros_tell_the_same(tmp_path):
    purchases = [
        (0, 100, 10.0, TITLES[0], None),
        (0, 20, 30.0, TITLES[0], None),
        (1, 300, 10.0, TITLES[0], None),
        (2, 5, 50.0, TITLES[1], None),
    ]
    runner = with_history(random_world(purchases, [(2, 350, None), (4, 10, None)]), tmp_path, "stage_flow")
    found = rows(
        runner,
        "select from_stage, to_stage, n_people, from_share, net_amount_cny from marts.stage_flow "
        "where period = '1_month' order by all",
    )
    assert found == [
        ("new", "repeat", 1, 1.0, 30.0),
        ("none", "potential", 1, 1.0, 0.0),
        ("potential", "new", 1, 1.0, 50.0),
        ("silent", "silent", 1, 1.0, 0.0),
    ]
    runner.con.execute(f"create table customer.customer_360 as select date '{END}' as as_of_date")
    runner.con.execute(
        "create table customer.tag_history(one_id text, tag text, value text, valid_from date, valid_to date)"
    )
    runner.con.execute("create table customer.tag_observation(observed_date date)")
    runner.con.execute(HISTORY.read_text("utf-8"))
    assert rows(runner, f"from stage_flow(date '{END}' - interval 1 month, '{END}')") == found
    assert rows(runner, f"select stage from stage_on('{END}', 'water_heater')") == [("new",)]
    assert rows(runner, f"from stage_on(date '{END}' + 1)") == [], "nobody knows what will be"


def test_months_run_from_month_end_to_month_end(tmp_path):
    runner = with_history(random_world([(0, 420, 10.0, TITLES[0], None)], []), tmp_path, "stage_flow")
    found = rows(
        runner, "select from_date, to_date from marts.stage_flow where period = 'month' order by from_date desc"
    )
    assert len(found) == 13
    assert found[:2] == [(day("2026-05-31"), END), (day("2026-04-30"), day("2026-05-31"))]
