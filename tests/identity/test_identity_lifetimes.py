"""Lifetimes: equal values of different spans of time are different identifiers."""

from datetime import datetime

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from identity.lifetimes import parties_in_time, with_lifetimes
from identity.parties import read_parties
from identity.registry import load_registry

REGISTRY = load_registry()
PHONE = [("phone", "13900000001")]
WANG = {"name": "王小伟", "surname": "王", "name_pinyin": "wang xiao wei"}
LI = {"name": "李娜", "surname": "李", "name_pinyin": "li na"}


def windows(world):
    """Of each record and value: its window, and whether that has ended."""
    parties = parties_in_time(world.write(), REGISTRY)
    rows = parties.identifier.join(parties.party.select("party", "natural_key"), on="party")
    return {(r["natural_key"], r["id_type"]): (r["window"], r["has_ended"]) for r in rows.iter_rows(named=True)}


def test_a_number_that_comes_back_with_a_new_name_after_a_long_silence_is_somebody_elses(world):
    world.say("wang", PHONE, day=0, **WANG)
    world.say("wangs order", PHONE, day=40)
    world.say("lis order", PHONE, day=230)
    world.say("li", PHONE, day=250, **LI)
    found = windows(world)
    assert found["wang", "phone"] == found["wangs order", "phone"] == ("", True)
    assert found["lis order", "phone"] == found["li", "phone"] == ("2", False)


def test_a_new_name_without_a_silence_is_a_family(world):
    world.say("wang", PHONE, day=0, **WANG)
    world.say("between", PHONE, day=120)
    world.say("li", PHONE, day=250, **LI)
    assert set(windows(world).values()) == {("", False)}


def test_a_silence_ends_nothing_when_a_former_name_comes_again(world):
    world.say("wang", PHONE, day=0, **WANG)
    world.say("li", PHONE, day=300, **LI)
    world.say("wang again", PHONE, day=600, name="王*伟", surname="王", quality="masked")
    assert set(windows(world).values()) == {("", False)}


def test_a_silence_without_a_new_name_ends_nothing(world):
    world.say("wang", PHONE, day=0, **WANG)
    world.say("nameless", PHONE, day=400)
    assert set(windows(world).values()) == {("", False)}


def test_what_the_brand_sends_is_no_sign_of_life(world):
    world.say("wang", PHONE, day=0, **WANG)
    for day in (60, 120, 180, 240):
        world.say(f"sms {day}", PHONE, day=day, source="aliyun_sms", record_type="message")
    world.say("li", PHONE, day=290, **LI)
    found = windows(world)
    assert found["sms 240", "phone"] == ("", True)
    assert found["li", "phone"] == ("2", False)


def test_a_nameless_time_between_two_holders_is_neithers(world):
    world.say("wang", PHONE, day=0, **WANG)
    world.say("nameless", PHONE, day=300)
    world.say("li", PHONE, day=600, **LI)
    found = windows(world)
    assert [found[key, "phone"][0] for key in ("wang", "nameless", "li")] == ["", "2", "3"]


def test_an_addressees_code_counts_within_its_week(world):
    world.say("monday", [("taobao_oaid", "X")], day=4)  # 2026-01-05
    world.say("sunday", [("taobao_oaid", "X")], day=10)
    world.say("next monday", [("taobao_oaid", "X")], day=11)
    found = windows(world)
    assert found["monday", "taobao_oaid"] == found["sunday", "taobao_oaid"] == ("2026-W02", False)
    assert found["next monday", "taobao_oaid"] == ("2026-W03", False)


def test_a_value_ends_when_its_file_says_so(world):
    world.say("first", [("pos_card", "C1")], day=0)
    world.rows["identifier"][-1]["valid_to"] = datetime(2026, 1, 11)
    world.say("until then", [("pos_card", "C1")], day=10)
    world.say("later", [("pos_card", "C1")], day=11)
    found = windows(world)
    assert found["first", "pos_card"] == found["until then", "pos_card"] == ("", True)
    assert found["later", "pos_card"] == ("2", False)


def test_a_type_that_always_links_ends_with_the_silence_alone(world):
    registry = REGISTRY | {"user_id": REGISTRY["user_id"].model_copy(update={"lifetime_days": 30})}
    for day in (0, 20, 60):
        world.say(day, [("user_id", "u")], day=day)
    cut = with_lifetimes(read_parties(world.write()), registry).identifier
    assert cut.sort("seen_at")["window"].to_list() == ["", "", "2"]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    uses=st.lists(st.tuples(st.integers(0, 900), st.sampled_from([None, WANG, LI])), min_size=1, max_size=8),
    order=st.randoms(use_true_random=False),
)
def test_the_order_of_the_records_changes_no_window(world, tmp_path_factory, uses, order):
    def told(sequence):
        other = type(world)(tmp_path_factory.mktemp("w"))
        for number, (day, name) in sequence:
            other.say(number, PHONE, day=day, **(name or {}))
        return windows(other)

    numbered = list(enumerate(uses))
    shuffled = numbered.copy()
    order.shuffle(shuffled)
    found = told(numbered)
    assert found == told(shuffled)
    named = {(dict(numbered)[int(key)][1] or {}).get("name"): window for (key, _), (window, _) in found.items()}
    assert named  # every use has its window
    for name in ("王小伟", "李娜"):  # one name is never on both sides of a cut
        of_name = {w for (key, _), (w, _) in found.items() if (dict(numbered)[int(key)][1] or {}).get("name") == name}
        assert len(of_name) <= 1
    assert not pl.Series([w for w, _ in found.values()]).is_null().any()
