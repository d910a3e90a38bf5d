"""The ladder from traffic to referrer: when each step was first reached, and by which touchpoint."""

import pytest
from dbt_world import World, at, rows

from dbt_like_sql.project import load_project

PROJECT = load_project()


def event(world: World, one_id: str, kind: str, moment: str, role: str = "contact", **more: object) -> None:
    n = len(world.rows["touchpoints"]["event"])
    world.record(f"e{n}", "qr", "activity", moment, **{role: one_id})
    told = {"type": kind, "at": at(moment), "actor_role": role, "channel": more.pop("channel", "qr")}
    world.add("touchpoints", "event", event_id=f"e{n}", record_id=f"e{n}", **told | more)


@pytest.fixture
def world() -> World:
    world = World()
    for one_id in ("P1", "P2", "P3"):
        world.person(one_id)
    return world


def steps(world: World, folder, one_id: str, columns: str = "step, reached_at") -> list[tuple]:
    runner = world.build(PROJECT, folder, "ladder_step")
    return rows(runner, f"select {columns} from customer.ladder_step where one_id = '{one_id}' order by step_no")


def test_each_step_has_the_time_and_the_touchpoint_of_the_first_time(world, tmp_path):
    event(world, "P1", "scan", "2026-01-02", campaign="spring", store_code="S1", partner_code="K1")
    event(world, "P1", "scan", "2026-01-03", campaign="later")
    event(world, "P1", "follow", "2026-01-04", channel="wechat_oa", staff_code="E1")
    world.record("m", "pos", "customer", "2026-01-05", member="P1")
    world.order("o1", "P1", "2026-02-01 04:00", 100.0, store_id="S1")
    world.order("o2", "P1", "2026-02-01 05:00", 100.0)
    world.order("o3", "P1", "2026-03-01 04:00", 100.0, source="tmall")
    event(world, "P1", "order_attributed", "2026-03-01", "buyer", order_key="o3", campaign="live", partner_code="K2")
    event(world, "P1", "referral", "2026-04-01", "referrer")
    columns = "step, cast(reached_at as date)::varchar, source, channel, event_type, campaign, partner_code"
    assert steps(world, tmp_path, "P1", columns) == [
        ("traffic", "2026-01-02", "qr", "qr", "scan", "spring", "K1"),
        ("follower", "2026-01-04", "qr", "wechat_oa", "follow", None, None),
        ("member", "2026-01-05", "pos", None, "membership", None, None),
        ("buyer", "2026-02-01", "pos", "store", "purchase", None, None),
        ("repeat", "2026-03-01", "tmall", "marketplace", "purchase", "live", "K2"),
        ("referrer", "2026-04-01", "qr", "qr", "referral", None, None),
    ]


def test_whoever_is_known_already_is_no_traffic_any_more_and_messages_sent_are_no_step(world, tmp_path):
    world.order("o", "P1", "2026-02-01 04:00", 100.0)
    event(world, "P1", "page_view", "2026-02-03")
    event(world, "P2", "message_sent", "2026-02-03")
    event(world, "P3", "message_clicked", "2026-02-03")
    assert [step for step, _ in steps(world, tmp_path, "P1")] == ["buyer"]
    assert steps(world, tmp_path, "P2") == []
    assert [step for step, _ in steps(world, tmp_path, "P3")] == ["traffic"]


def test_whoever_brought_somebody_by_a_relation_is_a_referrer(world, tmp_path):
    more = {"relation": "referrer", "n": 1, "source": "pos"}
    world.add("identity", "relation", one_id="P1", other_one_id="P2", first_at=at("2026-01-01"), **more)
    world.add("identity", "relation", one_id="P2", other_one_id="P3", first_at=at("2026-07-02"), **more)
    assert steps(world, tmp_path, "P1", "step, source") == [("referrer", "pos")]
    assert steps(world, tmp_path, "P2") == [], "after the as-of day"


def test_the_summary_counts_who_went_on_and_how_long_it_took(world, tmp_path):
    for one_id, moment in (("P1", "2026-01-01"), ("P2", "2026-01-01")):
        event(world, one_id, "scan", moment)
    event(world, "P1", "follow", "2026-01-11", channel="wechat_oa")
    event(world, "P3", "follow", "2026-01-11", channel="wechat_oa")
    runner = world.build(PROJECT, tmp_path, "ladder_summary")
    found = rows(
        runner,
        "select step, first_channel, n_people, n_before, n_from_before, conversion_rate, median_days "
        "from marts.ladder_summary order by step_no, first_channel",
    )
    assert found == [
        ("traffic", "all", 2, None, 0, None, None),
        ("traffic", "qr", 2, None, 0, None, None),
        ("follower", "all", 2, 2, 1, 0.5, 10.0),
        ("follower", "qr", 1, 2, 1, 0.5, 10.0),
        ("follower", "wechat_oa", 1, None, 0, None, None),
    ]
