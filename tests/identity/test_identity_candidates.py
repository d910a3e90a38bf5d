"""What the parties of a cluster say, gathered into the row that scoring compares."""

import numpy as np

from identity.parties import read_parties
from identity.scoring.candidates import candidates

WANG = {"name": "王小伟", "surname": "王", "name_pinyin": "wang xiao wei"}


def two(world, first, second):
    """The rows of two records that tell a name and what is given."""
    world.say("a", first.pop("ids", ()), **first, **WANG)
    world.say("b", second.pop("ids", ()), **second, **WANG)
    parties = read_parties(world.write())
    return candidates(parties, np.arange(2)).rows(named=True)


def test_numbers_that_differ_in_one_digit_have_a_slip_in_common(world):
    a, b = two(world, {"ids": [("phone", "13900001234")]}, {"ids": [("phone", "13900001284")]})
    assert set(a["phone_slips"]) & set(b["phone_slips"]) == {"139000012_4"}


def test_numbers_that_differ_in_two_digits_have_none(world):
    a, b = two(world, {"ids": [("phone", "13900001234")]}, {"ids": [("phone", "13900001285")]})
    assert not set(a["phone_slips"]) & set(b["phone_slips"])


def test_a_mistyped_provider_is_read_as_it_was_meant(world):
    a, b = two(world, {"ids": [("email", "kettle@gmial.com")]}, {"ids": [("email", "kettle@gmail.com")]})
    assert a["emails"] == b["emails"] == ["kettle@gmail.com"]


def test_an_address_without_a_door_still_names_its_estate(world):
    a, b = two(
        world,
        {"city_code": "330100", "address": "枫林路300号枫丹公寓23幢1单元1301室"},
        {"city_code": "330100", "address": "枫林路300号枫丹公寓"},
    )
    assert a["estates"] == b["estates"] == ["330100|枫丹公寓"]
    assert b["doors"] is None


def test_only_a_nickname_of_ones_own_is_compared(world):
    a, b = two(world, {"nickname": "静待花开"}, {"nickname": "Kettle_1987"})
    assert (a["nicknames"], b["nicknames"]) == (None, ["kettle_1987"])
