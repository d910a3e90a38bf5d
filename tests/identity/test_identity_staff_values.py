"""Phones of the brand's staff: they link within a name only, unless a steward says otherwise."""

import polars as pl

from identity.around.ties import with_staff_values
from identity.registry import load_registry
from identity.rules.judge import judge
from identity.rules.lifetimes import parties_in_time

REGISTRY = load_registry()
NOBODY_SAID = pl.DataFrame(schema=dict.fromkeys(("id_type", "id_scope", "id_value", "status", "reason"), pl.String))
CLERK = [("phone", "13900000001")]


def held(world, said=NOBODY_SAID):
    folder = world.write()
    parties = parties_in_time(folder, REGISTRY)
    judgement = judge(parties, REGISTRY, with_staff_values(said, folder))
    rows = judgement.holding.join(parties.party.select("party", "natural_key"), on="party")
    return set(rows["natural_key"]), judgement.value


def test_a_clerks_phone_on_nameless_tickets_joins_nobody(world):
    world.rows["staff"].append({"staff_code": "S7", "phone": "13900000001"})
    for ticket in range(3):
        world.say(ticket, CLERK, record_type="order")
    world.say("clerk", CLERK, name="王小伟", surname="王")
    world.say("clerk again", CLERK, name="王小伟", surname="王")
    joined, value = held(world)
    assert joined == {"clerk", "clerk again"}
    assert value.select("status", "reason").rows() == [("shared", "a phone of the brand's staff")]


def test_a_phone_of_nobody_on_the_staff_is_as_good_as_any(world):
    world.rows["staff"].append({"staff_code": "S7", "phone": "13900000002"})
    world.say(1, CLERK, record_type="order")
    joined, value = held(world)
    assert joined == {"1"} and value["status"].to_list() == ["ok"]


def test_a_stewards_word_goes_before_the_staff_list(world):
    world.rows["staff"].append({"staff_code": "S7", "phone": "13900000001"})
    world.say(1, CLERK, record_type="order")
    allowed = pl.DataFrame(
        [("phone", "", "13900000001", "ok", "allowed by a steward")], NOBODY_SAID.schema, orient="row"
    )
    joined, value = held(world, allowed)
    assert joined == {"1"} and value["status"].to_list() == ["ok"]
