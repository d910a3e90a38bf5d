"""Who is held out by a running campaign is in no other list, so that what the campaign brought can be told."""

import datetime as dt

import polars as pl
import pytest
import yaml
from segments_world import EVERYBODY, NOW, World, audience, export, plan

from common.errors import UsageError
from dbt_like_sql.project import load_project
from segments.api import open_published, overlap, preview, why
from segments.campaigns.assignment import campaign_folder, read_assignment
from segments.reaching.policy import DEFAULT

REASON = "held_out_by_campaign"
N = 40


@pytest.fixture
def world():
    world = World()
    for number in range(N):
        world.reachable(world.person(f"P{number:02}", n_records=1), f"138{number:08}")
    return world


@pytest.fixture
def home(tmp_path, world):
    """A home whose campaign, of 20 November to 20 December, was exported on the 22nd."""
    home = world.publish(tmp_path / "home")
    plan(home)
    export(home, audience(tmp_path, EVERYBODY), campaign="spring")
    return home


def held(home, code="SP-1"):
    return set(read_assignment(home, code).filter("is_holdout")["one_id"])


def plainly(home, tmp_path, **more):
    """Who a plain list holds, and how many it leaves out for the campaign's sake."""
    report = export(home, audience(tmp_path, EVERYBODY), **more)
    assert report.rows + sum(report.dropped.values()) == report.matching == N
    people = set(pl.read_parquet(report.evidence)["one_id"])
    return people, report.dropped.get(REASON, 0)


def moved(home, **dates):
    plan(home, **dates)
    return home


def test_a_plain_list_leaves_out_whom_a_running_campaign_holds_out(tmp_path, home):
    out = held(home)
    people, n = plainly(home, tmp_path)
    assert out and n == len(out) and not people & out and len(people) == N - n


def test_the_preview_the_overlap_and_the_question_why_say_so_too(tmp_path, home):
    one = audience(tmp_path, EVERYBODY)
    out = sorted(held(home))
    with open_published(home) as published:
        seen = preview(published, one)
        assert (seen.reach.reachable, seen.reach.unreachable[REASON]) == (N - len(out), len(out))
        assert REASON in seen.compiled.sql and seen.people.filter(pl.col("one_id").is_in(out)).height == 0
        assert overlap(published, [one]).matrix == [[N - len(out)]]
        assert why(published, out[0], channel="sms").reason == REASON
        free = next(f"P{n:02}" for n in range(N) if f"P{n:02}" not in out)
        assert why(published, free, channel="sms").reason is None


def test_the_campaigns_own_next_list_deals_with_its_holdout_itself(tmp_path, home):
    again = export(home, audience(tmp_path, EVERYBODY), campaign="spring", at=NOW + dt.timedelta(days=1))
    assert REASON not in again.dropped and again.dropped["holdout"] == len(held(home))


def test_another_campaigns_list_leaves_them_out_for_this_reason(tmp_path, home):
    plan(home, name="later", code="LA-1", starts_on=dt.date(2026, 12, 21), ends_on=dt.date(2026, 12, 31))
    report = export(home, audience(tmp_path, EVERYBODY), campaign="later", send_on=dt.date(2026, 12, 1))
    assert report.dropped[REASON] == len(held(home))
    assert "other_campaign" not in report.dropped


@pytest.mark.parametrize(
    ("ends_on", "send_on", "is_out"),
    [
        ("2026-12-20", "2026-12-20", True),  # its last day
        ("2026-12-20", "2026-12-21", False),
        ("2026-11-25", "2026-12-06", True),  # over, but orders are counted for 14 days from the 22nd
        ("2026-11-25", "2026-12-07", False),
    ],
)
def test_they_are_free_again_when_it_is_over_and_its_orders_are_counted(tmp_path, home, ends_on, send_on, is_out):
    moved(home, ends_on=dt.date.fromisoformat(ends_on))
    _, n = plainly(home, tmp_path, send_on=dt.date.fromisoformat(send_on))
    assert n == (len(held(home)) if is_out else 0)


def test_a_merged_person_is_held_out_as_the_one_who_was(tmp_path, home, world):
    loser, winner = sorted(held(home))[0], next(f"P{n:02}" for n in range(N) if f"P{n:02}" not in held(home))
    world.people = [person for person in world.people if person["one_id"] != loser]
    world.add("identity.one_id", one_id=loser, status="merged", merged_into=winner)
    world.publish(home, "2026-11-22.1")
    with open_published(home) as published:
        assert why(published, winner, channel="sms").reason == REASON


def test_the_policy_can_turn_it_off(tmp_path, home):
    own = yaml.safe_load(DEFAULT.read_text("utf-8")) | {"campaign_holdouts": {"keep_out": False}}
    (home / "policy.yml").write_text(yaml.safe_dump(own), encoding="utf-8")
    people, n = plainly(home, tmp_path)
    assert n == 0 and held(home) <= people


@pytest.mark.parametrize("damage", ["gone", "torn"])
def test_an_assignment_that_cannot_be_read_stops_every_list(tmp_path, home, damage):
    path = campaign_folder(home, "SP-1") / "assignment.parquet"
    path.unlink() if damage == "gone" else path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(UsageError, match=r"assignment\.parquet is gone or cannot be read, so who is held out"):
        export(home, audience(tmp_path, EVERYBODY))
    with open_published(home) as published, pytest.raises(UsageError, match="no list is made"):
        preview(published, audience(tmp_path, EVERYBODY))


def test_a_plan_that_cannot_be_read_may_run_for_ever(tmp_path, home):
    (home / "campaigns" / "spring.yml").write_text("name: [", encoding="utf-8")
    _, n = plainly(home, tmp_path, send_on=dt.date(2027, 6, 1))
    assert n == len(held(home))


def test_a_plan_that_was_deleted_holds_out_as_long_as_orders_are_counted(tmp_path, home):
    (home / "campaigns" / "spring.yml").unlink()
    assert plainly(home, tmp_path, send_on=dt.date(2026, 12, 6))[1] == len(held(home))
    assert plainly(home, tmp_path, send_on=dt.date(2026, 12, 7))[1] == 0


def test_the_days_are_those_that_a_campaigns_orders_are_counted_for():
    days = yaml.safe_load(DEFAULT.read_text("utf-8"))["campaign_holdouts"]["days"]
    assert days == load_project().vars["campaign_window_days"]
