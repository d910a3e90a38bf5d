"""Without consent no path leads to a row: of the person, and of the very identifier that is written."""

import csv
import datetime as dt
import io

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from segments_world import CONSENT, World, audience, day, export, plan

from segments.campaigns.results import take_results
from touchpoints.contracts import SOURCES, load_contract
from touchpoints.ingest import ingest

EVERYBODY = "{column: n_records, gte: 1}"
RESULTS = load_contract(SOURCES / "campaign_result.yml")


def listed(tmp_path, world, **more):
    report = export(world.publish(tmp_path / "home"), audience(tmp_path, EVERYBODY, **more))
    text = report.csv.read_bytes().decode("utf-8-sig")
    return {row["客户编号"]: row["手机号"] for row in csv.DictReader(io.StringIO(text, newline=""))}, report


@pytest.fixture
def world():
    world = World()
    world.person("P1", n_records=1)
    return world


def test_consent_granted_for_person_and_identifier_makes_a_row(tmp_path, world):
    world.reachable("P1", "13800000001")
    people, report = listed(tmp_path, world)
    assert people == {"P1": "13800000001"}
    assert (report.matching, report.rows, sum(report.dropped.values())) == (1, 1, 0)


def test_nothing_recorded_means_no(tmp_path, world):
    world.contact("P1", "13800000001")
    people, report = listed(tmp_path, world)
    assert people == {}
    assert report.dropped["no_consent_recorded"] == 1


@pytest.mark.parametrize("state", ["revoked", None, "GRANTED", "pending"])
def test_any_other_state_means_no(tmp_path, world, state):
    world.contact("P1", "13800000001")
    world.says("P1", "13800000001")
    world.state("P1")
    world.state("P1", state)
    people, report = listed(tmp_path, world)
    assert people == {}
    assert report.dropped["consent_revoked"] == 1


def test_consent_for_another_channel_means_no(tmp_path, world):
    world.contact("P1", "13800000001")
    world.says("P1", "13800000001")
    world.state("P1", channel="email")
    assert listed(tmp_path, world)[0] == {}


def test_consent_of_another_number_does_not_cover_this_one(tmp_path, world):
    world.contact("P1", "13800000001")
    world.says("P1", "13800000002")
    world.state("P1")
    people, report = listed(tmp_path, world)
    assert people == {}
    assert report.dropped["contact_point_not_granted"] == 1


def test_the_golden_number_goes_before_others_when_both_are_granted(tmp_path, world):
    world.reachable("P1", "13800000001")
    world.contact("P1", "13800000002", golden=False, seen=99)
    world.says("P1", "13800000002")
    assert listed(tmp_path, world)[0] == {"P1": "13800000001"}


def test_another_granted_number_stands_in_for_a_golden_one_that_is_not(tmp_path, world):
    world.contact("P1", "13800000001")
    for number, seen in (("13800000002", 1), ("13800000003", 9)):
        world.contact("P1", number, golden=False, seen=seen)
        world.says("P1", number)
    world.state("P1")
    assert listed(tmp_path, world)[0] == {"P1": "13800000003"}


def test_without_a_golden_contact_point_nobody_is_written_to(tmp_path, world):
    world.contact("P1", "13800000001", golden=False)
    world.says("P1", "13800000001")
    world.state("P1")
    people, report = listed(tmp_path, world)
    assert people == {}
    assert report.dropped["no_contact_point"] == 1


@pytest.mark.parametrize(
    ("granted", "revoked", "expected"), [(5, 3, 1), (3, 5, 0), (5, 5, 0), (None, 3, 0), (5, None, 0)]
)
def test_the_newest_word_counts_and_of_two_at_once_the_stricter(tmp_path, world, granted, revoked, expected):
    world.contact("P1", "13800000001")
    world.state("P1")
    world.says("P1", "13800000001", "granted", on=granted)
    world.says("P1", "13800000001", "revoked", on=revoked)
    assert len(listed(tmp_path, world)[0]) == expected


def test_somebody_elses_consent_for_the_same_number_is_not_theirs(tmp_path, world):
    world.person("P2", n_records=0)
    world.contact("P1", "13800000001")
    world.state("P1")
    world.says("P2", "13800000001")
    assert listed(tmp_path, world)[0] == {}


def test_a_number_that_anybody_has_silenced_since_is_silent(tmp_path, world):
    world.person("P2", n_records=0)
    world.reachable("P1", "13800000001")
    world.says("P2", "13800000001", "revoked", on=9)
    assert listed(tmp_path, world)[0] == {}


def test_a_number_is_written_to_once(tmp_path, world):
    world.person("P2", n_records=1)
    for one_id in ("P1", "P2"):
        world.reachable(one_id, "13800000001")
    people, report = listed(tmp_path, world)
    assert people == {"P1": "13800000001"}
    assert report.dropped["contact_point_of_another_row"] == 1


PEOPLE = ["P1", "P2", "P3"]
NUMBERS = ["13800000001", "13800000002"]
word = st.tuples(
    st.sampled_from(PEOPLE), st.sampled_from(NUMBERS), st.sampled_from(["granted", "revoked"]),
    st.sampled_from(["sms", "email"]), st.one_of(st.none(), st.integers(0, 3)),
)  # fmt: skip
state = st.tuples(
    st.sampled_from(PEOPLE), st.sampled_from(["granted", "revoked", None]), st.sampled_from(["sms", "email"])
)
point = st.tuples(st.sampled_from(PEOPLE), st.sampled_from(NUMBERS), st.booleans())
RULES = [
    EVERYBODY,
    "{not: {column: n_records, gte: 2}}",
    "{any: [{column: city, eq: 上海}, {not: {column: city, eq: 上海}}]}",
    "{not: {events: {type: scan}}}",
    "{sql: select one_id from customer.customer_360}",
    "{any: [{sql: select one_id from customer.consent_state}, {ids: [P2]}]}",
    "{audience: inner}",
    "{not: {audience: inner}}",
    "{ids: [P1, P2, P3, PX]}",
    "{any: [{list: guests}, {audience: inner}]}",
]
INNER = [
    "{any: [{ids: [P1]}, {list: guests}]}",
    "{sql: select one_id from customer.customer_360}",
    "{not: {column: n_records, gte: 1}}",
]


HOW = [
    {}, {"destination": "per_store", "format": "csv"}, {"delta": True}, {"holdout": 0.5},
    {"variant": "non_personalised"}, {"format": "parquet"}, {"destination": "tencent_sms", "format": "csv"},
    {"campaign": "spring"}, {"campaign": "WIN-1", "holdout": 0.3},
]  # fmt: skip
OPT_OUT_AT = (dt.datetime(2026, 11, 22) - day(0)).days
reply = st.tuples(st.sampled_from([*NUMBERS, "13900000003"]), st.sampled_from(["TD", "退订", "谢谢", "收到"]))


def written(report):
    """The numbers in an export's files, the list of those to be taken out apart."""
    found = {"removed": [], "others": []}
    for path in report.files:
        content = path.read_bytes()
        frame = pl.read_parquet(content) if path.suffix == ".parquet" else pl.read_csv(content, infer_schema=False)
        column = next(name for name in ("手机号", "联系方式") if name in frame.columns)
        numbers = [number.removeprefix("+86") for number in frame[column].to_list()]
        found["removed" if path.stem == "removed" else "others"] += numbers
    return found


def check(report, known, states, points, owner):
    """Holds an export to what was said; gives the numbers that it writes."""
    assert report.rows + sum(report.dropped.values()) == report.matching
    people = pl.read_parquet(report.evidence)["one_id"].to_list()
    assert len(set(people)) == len(people) == report.rows
    numbers = written(report)["others"]
    assert len(set(numbers)) == len(numbers)
    for one_id in people:
        assert {state for who, state, channel in states if (owner(who), channel) == (one_id, "sms")} == {"granted"}
        assert any(owner(who) == one_id and golden for who, _, golden in points)
    for number in numbers:
        about = [(who, said, day) for who, what, said, channel, day in known if (what, channel) == (number, "sms")]
        holders = {owner(who) for who, what, _ in points if what == number} & set(people)
        assert any(owner(who) in holders and said == "granted" for who, said, _ in about)
        refused = [day for _, said, day in about if said == "revoked"]
        grants = [day for _, said, day in about if said == "granted" and day is not None]
        assert None not in refused
        assert not refused or (grants and max(grants) > max(refused))
    return numbers


def write_down(home, folder, **rules):
    """What rules and exports may ask for by name: audiences, a list, a campaign; gives the last of the audiences."""
    for name in ("audiences", "lists"):
        (home / name).mkdir()
    for name, rule in rules.items():
        one = audience(folder, rule)
        text = one.path.read_text("utf-8").replace("name: sample", f"name: {name}")
        (home / "audiences" / f"{name}.yml").write_text(text, encoding="utf-8")
    (home / "lists" / "guests.csv").write_text("one_id\nP2\nP3\nPX\n", encoding="utf-8")
    plan(home, priority=999)
    return one


def told_by_a_tool(world, home, folder, replies):
    """Takes a campaign's replies back and reads them by their contract; gives the numbers that want no more."""
    if not replies:
        return []
    lines = [f"{number},{text},2026-11-22 10:00:{second:02}" for second, (number, text) in enumerate(replies)]
    (folder / "replies.csv").write_text("\n".join(["手机号,回复内容,回复时间", *lines]) + "\n", encoding="utf-8")
    taken = take_results(home, folder / "replies.csv", at=dt.datetime(2026, 11, 23), campaign="spring")
    assert taken.refused == {}
    results = folder / "results" / "campaign" / "guiyi"
    results.mkdir(parents=True)
    for path in taken.files:
        (results / path.name).write_bytes(path.read_bytes())
    ingest(folder / "results", lake=folder / "lake", out=folder / "read", key=b"k", contracts=[RESULTS])
    said = pl.read_parquet(folder / "read" / "consent.parquet")
    world.consent += said.select(list(CONSENT)).to_dicts()
    numbers = [number for number, text in replies if text in ("TD", "退订")]
    assert sorted(set(numbers)) == sorted(set(said["id_value"]))
    return numbers


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    words=st.lists(word, max_size=8), states=st.lists(state, max_size=5), points=st.lists(point, max_size=6),
    where=st.sampled_from(RULES), how=st.sampled_from(HOW), is_merged=st.booleans(),
    refusals=st.lists(word, max_size=3), inner=st.sampled_from(INNER), replies=st.lists(reply, max_size=3),
)  # fmt: skip
def test_no_path_leads_to_a_row_without_consent(
    tmp_path_factory, words, states, points, where, how, is_merged, refusals, inner, replies
):
    def owner(one_id):
        return "P1" if is_merged and one_id == "P2" else one_id

    world = World()
    for one_id in PEOPLE:
        if owner(one_id) == one_id:
            world.person(one_id, n_records=1)
        else:
            world.add("identity.record_map", record_id=f"R-{one_id}", role="member", one_id=owner(one_id))
            world.add("identity.one_id", one_id=one_id, status="merged", merged_into=owner(one_id))
    for one_id, number, golden in points:
        world.contact(owner(one_id), number, golden=golden)

    def said(more):
        for one_id, number, said, channel, on in more:
            world.says(one_id, number, said, on=on, channel=channel)
            # words on the e-mail channel about a phone number: must never count for SMS
            world.consent[-1] |= {"id_type": "phone", "id_scope": "CN"}

    said(words)
    for one_id, stated, channel in states:
        world.state(owner(one_id), stated, channel=channel)
    folder = tmp_path_factory.mktemp("world")
    home = world.publish(folder / "home")
    one = write_down(home, folder, inner=inner, sample=where)
    first = check(export(home, one, **how), words, states, points, owner)
    # The next day somebody may have said no: the delta takes out and never puts in whom it may not.
    later = [(who, what, "revoked", channel, day) for who, what, _, channel, day in refusals]
    said(later)
    later += [("P1", number, "revoked", "sms", OPT_OUT_AT) for number in told_by_a_tool(world, home, folder, replies)]
    world.publish(home, "2026-11-22.1")
    how = {name: value for name, value in how.items() if (name, "campaign" in how) != ("holdout", True)}
    report = export(home, one, **{**how, "delta": True})
    check(report, words + later, states, points, owner)
    assert set(written(report)["removed"]) <= set(first)


def test_times_far_apart_compare_as_times(tmp_path, world):
    world.reachable("P1", "13800000001")
    world.says("P1", "13800000001", "revoked")
    world.consent[-1]["at"] = dt.datetime(1999, 1, 1)
    assert listed(tmp_path, world)[0] == {"P1": "13800000001"}
