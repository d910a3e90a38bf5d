"""Who is held out and who gets what: by hash, kept by the first export, whatever becomes of audience and OneIDs."""

import csv
import datetime as dt
import io

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from segments_world import EVERYBODY, PLAN, World, audience, export, plan
from sqlglot import exp

from common.errors import DefinitionError, UsageError
from segments.campaigns.arms import arm_of, place_of_person, place_sql
from segments.campaigns.assignment import current, read_assignment, write_assignment
from segments.campaigns.enrol import enrol
from segments.campaigns.links import read_links
from segments.campaigns.plan import Plan, find_plan, load_plan


def crowd(n, start=0):
    world = World()
    for number in range(start, start + n):
        world.reachable(world.person(f"P{number:03}", n_records=1), f"138{number:08}")
    return world


def rows(report):
    return list(csv.DictReader(io.StringIO(report.csv.read_text("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    ("salt", "what", "one_id", "place"),
    [
        ("guiyi", "SP-1", "P7HQF6WQYJKWA", 0.30850360861762427),
        ("", "*", "P1", 0.10647043250667543),
        ("盐", "A|B", "P'2", 0.9159824327345283),
    ],
)
def test_a_place_is_what_it_always_was_and_the_same_in_sql(salt, what, one_id, place):
    assert place_of_person(salt, what, one_id) == pytest.approx(place, abs=0)
    sql = exp.select(place_sql(salt, what, exp.column("one_id"))).from_("people").sql(dialect="duckdb")
    con = duckdb.connect()
    con.register("people", pl.DataFrame({"one_id": [one_id]}))
    assert con.sql(sql).fetchall() == [(place,)]


@settings(max_examples=20, deadline=None)
@given(
    st.text(max_size=5), st.text(alphabet="ABC-_/*", min_size=1),
    st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), min_size=1),
)  # fmt: skip
def test_a_place_is_the_same_in_python_and_in_sql(salt, what, people):
    salt = salt.replace("\0", "")
    sql = exp.select(place_sql(salt, what, exp.column("one_id"))).from_("people").sql(dialect="duckdb")
    with duckdb.connect() as con:
        con.register("people", pl.DataFrame({"one_id": people}))
        assert [place for (place,) in con.sql(sql).fetchall()] == [place_of_person(salt, what, one) for one in people]


def test_arms_have_their_shares_and_another_holdout_moves_nobody_between_arms():
    arms = {"A": 0.25, "B": 0.75}
    people = [f"P{n}" for n in range(20_000)]
    drawn = {one: arm_of("s", "C", one, holdout=0.1, arms=arms) for one in people}
    shares = {arm: sum(found == arm for found in drawn.values()) / len(people) for arm in ("holdout", "A", "B")}
    assert shares == pytest.approx({"holdout": 0.1, "A": 0.225, "B": 0.675}, abs=0.01)
    fewer = {one: arm_of("s", "C", one, holdout=0.05, arms=arms) for one in people}
    assert all(fewer[one] == drawn[one] for one in people if "holdout" not in (fewer[one], drawn[one]))
    assert {one for one in people if fewer[one] == "holdout"} < {one for one in people if drawn[one] == "holdout"}


def test_those_held_out_get_nothing_and_everybody_is_accounted_for(tmp_path):
    home = crowd(60).publish(tmp_path / "home")
    plan(home)
    report = export(home, audience(tmp_path, EVERYBODY), campaign="spring")
    assert report.rows == len(rows(report)) == sum(report.arms.values())
    assert report.rows + sum(report.dropped.values()) == report.matching == 60
    assigned = read_assignment(home, "SP-1")
    assert assigned.height == 60
    held = set(assigned.filter("is_holdout")["one_id"])
    assert len(held) == report.dropped["holdout"] > 0
    assert {row["客户编号"]: row["分组"] for row in rows(report)} == dict(
        assigned.filter(~pl.col("is_holdout")).select("one_id", "arm").rows()
    )


def test_the_next_run_is_told_who_was_in_which_arm(tmp_path):
    home = crowd(40).publish(tmp_path / "home")
    plan(home)
    report = export(home, audience(tmp_path, EVERYBODY), campaign="SP-1")
    (path,) = (home / "landing" / "campaign" / "guiyi").iterdir()
    told = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    assert len(told) == 40
    assert sum(row["分组"] == "对照组" for row in told) == report.dropped["holdout"]
    assert {row["入组时间"] for row in told} == {"2026-11-22 09:30:00"}
    assert {row["触达渠道"] for row in told if row["分组"] != "对照组"} == {"短信"}
    assert {row["单人成本"] for row in told if row["分组"] == "对照组"} == {""}


def test_the_next_run_is_told_whose_customer_everybody_was_held_out_or_not(tmp_path):
    world = World()
    for number in range(40):
        one_id = world.person(f"P{number:03}", n_records=1, preferred_store_id=f"S{number % 2}")
        world.reachable(one_id, f"138{number:08}")
        for day, staff in ((1, "G0"), (2, f"G{number % 3}")):
            world.add("core.events", event_id=f"{number}-{day}", one_id=one_id, type="scan", staff_code=staff,
                      event_at=dt.datetime(2026, 1, day))  # fmt: skip
    home = world.publish(tmp_path / "home")
    plan(home)
    export(home, audience(tmp_path, EVERYBODY), campaign="spring")
    # Later they buy elsewhere and others serve them: whose they were stays.
    for person in world.people:
        person["preferred_store_id"] = "S9"
    world.publish(home, "2026-11-22.1")
    export(home, audience(tmp_path, EVERYBODY), campaign="spring", at=dt.datetime(2026, 11, 23))
    for path in sorted((home / "landing" / "campaign" / "guiyi").iterdir()):
        told = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
        assert {row["分组"] for row in told} == {"对照组", "A", "B"}
        for row in told:
            number = int(row["OneID"][1:])
            assert (row["门店编号"], row["员工编号"], row["触达渠道"]) == (f"S{number % 2}", f"G{number % 3}", "短信")


def test_an_assignment_of_an_earlier_version_is_read_as_one_without_stores(tmp_path):
    home = crowd(40).publish(tmp_path / "home")
    plan(home)
    export(home, audience(tmp_path, EVERYBODY), campaign="spring")
    path = home / "campaigns" / "SP-1" / "assignment.parquet"
    before = pl.read_parquet(path)
    before.drop("channel", "store_code", "staff_code").write_parquet(path)
    export(home, audience(tmp_path, EVERYBODY), campaign="spring", at=dt.datetime(2026, 11, 23))
    after = read_assignment(home, "SP-1")
    assert after.select("one_id", "arm").equals(before.select("one_id", "arm"))
    assert after["store_code"].null_count() == after.height


NOBODY_MERGED = pl.DataFrame(schema={"one_id": pl.String, "merged_into": pl.String})


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sets(st.integers(0, 60)), st.just(0.0) | st.floats(0.001, 0.9)), min_size=2, max_size=5))
def test_arms_stay_as_they_are_when_the_audience_grows_and_shrinks(tmp_path_factory, days):
    home, seen = tmp_path_factory.mktemp("days"), {}
    for number, (day, share) in enumerate(days):
        spring = Plan.model_validate({**PLAN, "holdout": {"share": share}})
        people = pl.DataFrame({"one_id": [f"P{one}" for one in sorted(day)]}, schema={"one_id": pl.String})
        drawn = enrol(home, spring, people, salt="s", merged=NOBODY_MERGED)
        moment = dt.datetime(2026, 11, 22 + number)
        write_assignment(home, "SP-1", drawn.members, NOBODY_MERGED, at=moment, export_id=f"E{number}")
        now = dict(drawn.members.rows())
        assert all(seen.get(one, arm) == arm for one, arm in now.items())
        seen |= now
        assert dict(read_assignment(home, "SP-1").select("one_id", "arm").rows()) == seen
        if number == 0:
            alone = {one: arm_of("s", "SP-1", one, holdout=share, arms=spring.arms) for one in now}
            assert alone == now


def test_after_a_merge_the_survivor_keeps_the_earlier_arm_and_is_flagged(tmp_path):
    world = crowd(40)
    home = world.publish(tmp_path / "home")
    plan(home)
    export(home, audience(tmp_path, EVERYBODY), campaign="spring")
    before = dict(read_assignment(home, "SP-1").select("one_id", "arm").rows())
    loser = next(one for one, arm in sorted(before.items()) if arm != before["P000"] and one != "P000")
    world.people = [person for person in world.people if person["one_id"] != "P000"]
    world.add("identity.one_id", one_id="P000", status="merged", merged_into=loser)
    world.publish(home, "2026-11-22.1")
    report = export(home, audience(tmp_path, EVERYBODY), campaign="spring", at=dt.datetime(2026, 11, 23))
    merged = pl.DataFrame({"one_id": ["P000"], "merged_into": [loser]})
    (now,) = current(read_assignment(home, "SP-1"), merged).filter(pl.col("one_id") == loser).to_dicts()
    assert (now["arm"], now["is_merged_arms"]) == (before["P000"], True)  # assigned at one moment: the lower id's
    assert any("merged out of different arms" in note for note in report.notes)
    listed = {row["客户编号"]: row["分组"] for row in rows(report)}
    assert listed.get(loser) == (None if before["P000"] == "holdout" else before["P000"])


def test_a_list_may_begin_a_campaign_under_a_code_of_its_own(tmp_path):
    home = crowd(40).publish(tmp_path / "home")
    one = audience(tmp_path, EVERYBODY)
    report = export(home, one, campaign="Win-2026", holdout=0.5, requested_by="li")
    made = find_plan(home, "Win-2026")
    assert (made.name, made.audience, made.holdout.share, made.owner) == ("win_2026", "sample", 0.5, "li")
    assert report.campaign == "Win-2026" and report.dropped["holdout"] > 0
    assert read_assignment(home, "Win-2026").height == 40
    again = export(home, one, campaign="Win-2026", at=dt.datetime(2026, 11, 23))
    assert again.arms == report.arms
    with pytest.raises(UsageError, match="leave the holdout out"):
        export(home, one, campaign="Win-2026", holdout=0.5)
    with pytest.raises(UsageError, match="has the code Win-2026 already"):
        export(home, one, campaign="WIN-2026", holdout=0.5)


def test_a_campaign_may_begin_without_a_holdout_and_says_what_that_costs(tmp_path):
    home = crowd(5).publish(tmp_path / "home")
    report = export(home, audience(tmp_path, EVERYBODY), campaign="9-9", holdout=0.0)
    assert (report.rows, find_plan(home, "9-9").name) == (5, "c_9_9")
    assert any("Nobody is held out" in note for note in report.notes)


@pytest.mark.parametrize("code", ["a b", "-x", "", "春", "x" * 65, "../x"])
def test_a_code_that_cannot_be_one_is_refused_and_nothing_is_written(tmp_path, code):
    home = crowd(1).publish(tmp_path / "home")
    with pytest.raises(UsageError, match="cannot be a campaign's code"):
        export(home, audience(tmp_path, EVERYBODY), campaign=code, holdout=0.1)
    assert not (home / "campaigns").exists() and not list((home / "exports").glob("sample*"))


def test_too_small_for_a_holdout_says_how_many_would_be_enough(tmp_path):
    home = crowd(20).publish(tmp_path / "home")
    plan(home, holdout={"share": 0.1}, arms={"A": 1.0})
    notes = export(home, audience(tmp_path, EVERYBODY), campaign="spring").notes
    assert any("Too small" in note and "About 300 people" in note for note in notes)


def test_a_list_with_a_holdout_and_no_campaign_gets_a_plan_of_its_own(tmp_path):
    home = crowd(40).publish(tmp_path / "home")
    report = export(home, audience(tmp_path, EVERYBODY), holdout=0.25)
    assert report.campaign == "sample-20261122"
    assert find_plan(home, "sample-20261122").holdout.share == 0.25
    assert export(home, audience(tmp_path, EVERYBODY), campaign=report.campaign).rows == report.rows


def test_one_person_gets_the_first_campaign_that_applies(tmp_path):
    world = crowd(30)
    for person in world.people[:10]:
        person["city"] = "上海"
    home = world.publish(tmp_path / "home")
    one = audience(tmp_path, EVERYBODY)
    (home / "audiences").mkdir()
    text = one.path.read_text(encoding="utf-8")
    of_city = text.replace("name: sample", "name: city").replace(
        f"where: {EVERYBODY}", "where: {column: city, eq: 上海}"
    )
    (home / "audiences" / "city.yml").write_text(of_city, encoding="utf-8")
    plan(home)
    plan(home, name="city_days", code="CD", audience="city", priority=1)
    report = export(home, one, campaign="spring")
    assert report.dropped["other_campaign"] == 10
    assert not {row["客户编号"] for row in rows(report)} & {f"P{n:03}" for n in range(10)}
    plan(home, name="city_days", code="CD", audience="city", priority=1, starts_on=dt.date(2027, 1, 1),
         ends_on=dt.date(2027, 1, 9))  # fmt: skip
    later = export(home, one, campaign="spring", out=tmp_path / "later")
    assert "other_campaign" not in later.dropped


def test_personal_links_are_unguessable_and_stay_the_same(tmp_path):
    home = crowd(30).publish(tmp_path / "home")
    plan(home, link={"base": "https://brand.example/p?from=sms#top"})
    first = export(home, audience(tmp_path, EVERYBODY), campaign="spring")
    found = {row["客户编号"]: row["专属链接"] for row in rows(first)}
    assert len(set(found.values())) == len(found) == first.rows
    assert all(
        link.startswith("https://brand.example/p?from=sms&g=") and link.endswith("#top") for link in found.values()
    )
    tokens = read_links(home, "SP-1")
    assert tokens["token"].str.len_chars().min() >= 22  # 128 bits
    assert set(tokens["one_id"]) == set(found)
    again = export(home, audience(tmp_path, EVERYBODY), campaign="spring")
    assert again.sha256 == first.sha256


def test_an_export_that_died_after_its_files_is_made_up_for(tmp_path, monkeypatch):
    home = crowd(30).publish(tmp_path / "home")
    plan(home)

    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr("segments.exporting.placing.conclude", die)
        export(home, audience(tmp_path, EVERYBODY), campaign="spring")
    assert read_assignment(home, "SP-1").height == 0
    export(home, audience(tmp_path, EVERYBODY), at=dt.datetime(2026, 11, 23))
    assigned = read_assignment(home, "SP-1")
    assert assigned.height == 30
    assert assigned["assigned_at"].unique().to_list() == [dt.datetime(2026, 11, 22, 1, 30)]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"arms": {"A": 0.5, "B": 0.4}}, "sum to 0.9"),
        ({"arms": {"holdout": 1.0}}, "name of the holdout"),
        ({"ends_on": dt.date(2026, 1, 1)}, "before it starts"),
        ({"code": "a/b"}, "code"),
        ({"link": {"base": "http://brand.example"}}, "link.base"),
        ({"holdout": {"share": 1.0}}, "holdout.share"),
        ({"holdout": {"share": 1e-9}}, "holds nobody out"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_an_impossible_plan_is_refused(tmp_path, more, message):
    with pytest.raises(DefinitionError, match=message):
        load_plan(plan(tmp_path, **more))


def test_two_plans_of_one_code_are_refused(tmp_path):
    home = crowd(1).publish(tmp_path / "home")
    plan(home)
    plan(home, name="summer", code="sp-1")
    with pytest.raises(DefinitionError, match="has the code"):
        export(home, audience(tmp_path, EVERYBODY), campaign="spring")


def test_a_campaign_that_is_over_makes_no_list(tmp_path):
    home = crowd(1).publish(tmp_path / "home")
    plan(home)
    with pytest.raises(UsageError, match="ended on 2026-12-20"):
        export(home, audience(tmp_path, EVERYBODY), campaign="spring", at=dt.datetime(2027, 1, 1))
