import datetime as dt
import json

import pytest
from segments_world import AS_OF, World, audience

from segments.api import open_published, overlap, past_sizes, reach_by_channel, top_tags


@pytest.fixture
def world():
    world = World()
    for number in range(1, 41):
        world.person(f"P{number:02}", n_orders=number, city="上海")
        world.add("customer.tag", one_id=f"P{number:02}", tag="member", value="true", since=AS_OF)
        if number <= 20:
            world.add("customer.tag", one_id=f"P{number:02}", tag="tier", value="gold", since=AS_OF)
    for number in range(1, 11):
        world.reachable(f"P{number:02}", f"138000000{number:02}")
    for number in range(1, 4):
        world.state(f"P{number:02}", channel="email")
    world.state("P04", "revoked", channel="email")
    world.add("customer.tag_catalogue", tag="tier", label_zh="等级", label_en="Tier")
    return world


def test_every_channel_tells_its_reach_and_why_not_the_others(tmp_path, world):
    with open_published(world.publish(tmp_path / "home")) as published:
        one = audience(tmp_path, "{column: n_orders, lte: 12}", channel=None)
        reach = reach_by_channel(published, one)
        assert not published.con.sql("select 1 from duckdb_tables() where temporary").fetchall()
    assert {channel: (found.matching, found.reachable) for channel, found in reach.items()} == {
        "sms": (12, 10), "email": (12, 3), "wechat_oa": (12, 0), "wecom": (12, 0), "phone": (12, 0),
    }  # fmt: skip
    assert reach["email"].unreachable == {"no_consent_recorded": 8, "consent_revoked": 1, "identity_in_doubt": 0}
    assert all(found.reachable + sum(found.unreachable.values()) == found.matching for found in reach.values())


def test_todays_rule_is_counted_on_every_kept_run_as_consent_was_then(tmp_path, world):
    home = world.publish(tmp_path / "home", run="2026-11-20.1")
    world.person("P99", n_orders=3)
    for state in world.rows["customer.consent_state"][:2]:
        state["state"] = "revoked"
    world.publish(home)
    for run, day in (("2026-11-20.1", "2026-11-20"), ("2026-11-21.1", "2026-11-21")):
        path = home / "snapshots" / run / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"as_of": day, "finished_at": day}))
    with open_published(home) as published:
        sizes = past_sizes(published, audience(tmp_path, "{column: n_orders, lte: 12}"))
    assert [(one.as_of, one.matching, one.reachable) for one in sizes] == [
        (dt.date(2026, 11, 20), 12, 10), (dt.date(2026, 11, 21), 13, 8),
    ]  # fmt: skip


def test_tags_that_set_people_apart_come_first_and_small_counts_claim_little(tmp_path, world):
    with open_published(world.publish(tmp_path / "home")) as published:
        tags = top_tags(published, audience(tmp_path, "{column: n_orders, lte: 20}", channel=None))
        few = top_tags(published, audience(tmp_path, "{column: n_orders, lte: 5}", channel=None))
        none = top_tags(published, audience(tmp_path, "{column: n_orders, gt: 99}", channel=None))
    assert [(one.tag, one.n_people, one.share, one.share_everybody) for one in tags] == [
        ("tier", 20, 1.0, 0.5), ("member", 20, 1.0, 1.0),
    ]  # fmt: skip
    assert (tags[0].label.zh, tags[1].label.zh) == ("等级", "member")
    assert tags[0].lift == pytest.approx((20 + 50 * 0.5) / 70 / 0.5)
    assert tags[1].lift == pytest.approx(1)
    assert 1 < few[0].lift < tags[0].lift
    assert none == []


def test_overlap_counts_those_described_or_those_reachable(tmp_path, world):
    one = audience(tmp_path, "{column: n_orders, lte: 12}")
    with open_published(world.publish(tmp_path / "home")) as published:
        assert overlap(published, [one, one]).matrix == [[10, 10], [10, 10]]
        assert overlap(published, [one], reachable=False).matrix == [[12]]
