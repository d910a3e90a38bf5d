"""Touches, paths and weights in the models, up to what Markov and Shapley make of them."""

from datetime import date, timedelta

import numpy as np
import pytest
from dbt_world import World, at, rows

from analyses.attribution import MODELS, attribute
from dbt_like_sql.project import load_project

PROJECT = load_project()
WEIGHTS = ("first", "last", "linear", "position", "time_decay", "shapley")


@pytest.fixture
def build(tmp_path):
    return lambda world, only=None, **variables: world.build(PROJECT, tmp_path, only, **variables)


def person(one_id: str = "P1") -> World:
    world = World()
    world.person(one_id)
    world.record(f"t-{one_id}", "qr", "activity", "2026-01-01", contact=one_id)
    return world


def touch(world: World, days_before: float, channel: str, one_id: str = "P1", **more: object) -> None:
    moment = at("2026-06-20 12:00") - timedelta(days=days_before)
    world.event(f"t-{one_id}", str(more.pop("kind", "scan")), moment.isoformat(), channel=channel, **more)


def weights(runner, model: str) -> list[float]:
    query = f"select {model}_weight from lake.intermediate.int_conversion_touch order by position"
    return [value for (value,) in rows(runner, query)]


def test_each_model_shares_out_a_path_as_it_is_defined(build):
    world = person()
    for days_before, channel in ((14, "qr"), (7, "sms"), (3, "qr"), (0, "ads")):
        touch(world, days_before, channel)
    world.order("o", "P1", "2026-06-20 12:00", 100.0)
    runner = build(world, "int_conversion_touch")
    assert weights(runner, "first") == [1, 0, 0, 0]
    assert weights(runner, "last") == [0, 0, 0, 1]
    assert weights(runner, "linear") == [0.25] * 4
    assert weights(runner, "position") == pytest.approx([0.4, 0.1, 0.1, 0.4])
    halves = np.array([0.25, 0.5, 0.5 ** (3 / 7), 1.0])
    assert weights(runner, "time_decay") == pytest.approx(halves / halves.sum())
    assert weights(runner, "shapley") == pytest.approx([1 / 6, 1 / 3, 1 / 6, 1 / 3])


@pytest.mark.parametrize(("n", "expected"), [(1, [1.0]), (2, [0.5, 0.5]), (3, [0.4, 0.2, 0.4])])
def test_position_gives_one_touch_all_and_two_half_each(build, n, expected):
    world = person()
    for number in range(n):
        touch(world, n - number, "qr")
    world.order("o", "P1", "2026-06-20 12:00", 100.0)
    assert weights(build(world, "int_conversion_touch"), "position") == pytest.approx(expected)


def test_touches_of_the_thirty_days_before_count_and_no_others(build):
    world = person()
    touch(world, 30.5, "old")
    touch(world, 29.5, "young")
    touch(world, -1, "later")
    world.order("o", "P1", "2026-06-20 12:00", 100.0)
    runner = build(world, "int_conversion_touch")
    assert rows(runner, "select channel from lake.intermediate.int_conversion_touch") == [("young",)]


def test_a_visit_is_a_touch_where_something_led_to_it(build):
    world = person()
    touch(world, 2, "web", kind="visit")
    touch(world, 1, "web", kind="visit", campaign="spring")
    touch(world, 1, "sms", kind="message_delivered", campaign="spring")
    touch(world, 0.5, "sms", kind="message_clicked", campaign="spring")
    runner = build(world, "int_touch")
    query = "select channel, campaign from lake.intermediate.int_touch order by touch_at"
    assert rows(runner, query) == [("web", "spring"), ("sms", "spring")]


def test_repeats_are_dropped_from_paths_and_unfollowed_touches_are_journeys_too(build):
    world = person()
    world.person("P2")
    world.record("t-P2", "qr", "activity", "2026-01-01", contact="P2")
    for days_before, channel in ((3, "qr"), (2, "qr"), (1, "sms")):
        touch(world, days_before, channel)
    touch(world, 60, "ads", "P2")  # more than a look-back before the as-of day: nothing came of it
    touch(world, 1, "ads", "P2")  # may still lead to an order
    world.order("o", "P1", "2026-06-20 12:00", 100.0)
    runner = build(world, "attribution_path")
    query = "select path, n_conversions, n_non_conversions from marts.attribution_path order by path"
    assert rows(runner, query) == [("ads", 0, 1), ("qr > sms", 1, 0)]


def test_credits_of_random_journeys_sum_to_the_orders_in_every_model(build):
    rng = np.random.default_rng(11)
    world = World()
    start = date(2026, 3, 1)
    for number in range(40):
        one_id = f"P{number}"
        world.person(one_id)
        world.record(f"t-{one_id}", "qr", "activity", "2026-01-01", contact=one_id)
        for _ in range(rng.integers(0, 6)):
            touch(world, float(rng.uniform(0, 100)), str(rng.choice(["qr", "sms", "ads"])), one_id)
        for order in range(rng.integers(0, 3)):
            day = start + timedelta(days=int(rng.integers(0, 110)))
            world.order(f"o-{number}-{order}", one_id, f"{day} 03:00", round(float(rng.uniform(1, 500)), 2))
    runner = build(world, "int_attribution_credit")
    runner.run("int_attribution_journey")
    sums = ", ".join(f"sum({name}_weight)" for name in WEIGHTS)
    per_order = rows(runner, f"select {sums} from lake.intermediate.int_conversion_touch group by order_key")
    assert per_order and all(row == pytest.approx([1.0] * len(WEIGHTS)) for row in per_order)
    tables = ("int_attribution_credit", "int_attribution_journey")
    found = attribute(*(runner.con.sql(f"select * from lake.intermediate.{name}").pl() for name in tables))
    ((n, net),) = rows(runner, "select count(*), round(sum(net_amount_cny), 2) from core.orders")
    for name in MODELS:
        of_model = found.filter(model=name)
        assert round(of_model["conversions"].sum(), 4) == n, name
        assert of_model["net_amount_cny"].sum() == pytest.approx(net, abs=0.005), name
