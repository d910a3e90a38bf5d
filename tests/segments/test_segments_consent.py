"""Without consent no path leads to a row: of the person, and of the very identifier that is written."""

import csv
import datetime as dt
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from segments_world import World, audience, export

EVERYBODY = "{column: n_records, gte: 1}"


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
]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(word, max_size=8), states=st.lists(state, max_size=5), points=st.lists(point, max_size=6),
    where=st.sampled_from(RULES),
)  # fmt: skip
def test_no_path_leads_to_a_row_without_consent(tmp_path_factory, words, states, points, where):
    world = World()
    for one_id in PEOPLE:
        world.person(one_id, n_records=1)
    for one_id, number, golden in points:
        world.contact(one_id, number, golden=golden)
    for one_id, number, said, channel, day in words:
        world.says(one_id, number, said, on=day, channel=channel)
        # words on the e-mail channel about a phone number: must never count for SMS
        world.consent[-1] |= {"id_type": "phone", "id_scope": "CN"}
    for one_id, said, channel in states:
        world.state(one_id, said, channel=channel)
    folder = tmp_path_factory.mktemp("world")
    report = export(world.publish(folder / "home"), audience(folder, where))
    text = report.csv.read_bytes().decode("utf-8-sig")
    rows = [(row["客户编号"], row["手机号"]) for row in csv.DictReader(io.StringIO(text, newline=""))]

    assert len({one_id for one_id, _ in rows}) == len({number for _, number in rows}) == len(rows)
    assert report.rows + sum(report.dropped.values()) == report.matching
    for one_id, number in rows:
        assert {said for who, said, channel in states if (who, channel) == (one_id, "sms")} == {"granted"}
        about = [(who, said, day) for who, what, said, channel, day in words if (what, channel) == (number, "sms")]
        assert any(who == one_id and said == "granted" for who, said, _ in about)
        refusals = [day for _, said, day in about if said == "revoked"]
        grants = [day for _, said, day in about if said == "granted" and day is not None]
        assert None not in refusals
        assert not refusals or (grants and max(grants) > max(refusals))
        assert any((who, what) == (one_id, number) for who, what, _ in points)
        assert any(who == one_id and golden for who, _, golden in points)


def test_times_far_apart_compare_as_times(tmp_path, world):
    world.reachable("P1", "13800000001")
    world.says("P1", "13800000001", "revoked")
    world.consent[-1]["at"] = dt.datetime(1999, 1, 1)
    assert listed(tmp_path, world)[0] == {"P1": "13800000001"}
