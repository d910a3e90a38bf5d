"""Lifetimes: equal values of different spans of time are different identifiers."""

from datetime import datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from identity.parties import read_parties
from identity.registry import load_registry
from identity.rules.lifetimes import parties_in_time, with_lifetimes

REGISTRY = load_registry()


def windows(world):
    """Of each record and value: its window, and whether that has ended."""
    parties = parties_in_time(world.write(), REGISTRY)
    rows = parties.identifier.join(parties.party.select("party", "natural_key"), on="party")
    return {(r["natural_key"], r["id_type"]): (r["window"], r["has_ended"]) for r in rows.iter_rows(named=True)}


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


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=st.lists(st.integers(0, 900), min_size=1, max_size=8), order=st.randoms(use_true_random=False))
def test_the_order_of_the_records_changes_no_window(world, tmp_path_factory, days, order):
    registry = REGISTRY | {"user_id": REGISTRY["user_id"].model_copy(update={"lifetime_days": 90})}

    def told(sequence):
        other = type(world)(tmp_path_factory.mktemp("w"))
        for number, day in sequence:
            other.say(number, [("user_id", "u")], day=day)
        parties = with_lifetimes(read_parties(other.write()), registry)
        rows = parties.identifier.join(parties.party.select("party", "natural_key"), on="party")
        return dict(rows.select("natural_key", "window").iter_rows())

    numbered = list(enumerate(days))
    shuffled = numbered.copy()
    order.shuffle(shuffled)
    found = told(numbered)
    assert found == told(shuffled)
    assert None not in found.values()
