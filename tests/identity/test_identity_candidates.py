"""What the parties of a cluster say, gathered into the row that scoring compares."""

import duckdb
import numpy as np
import polars as pl
import pytest

from identity.parties import read_parties
from identity.scoring.candidates import candidates
from identity.scoring.estimate import expected_settings
from identity.scoring.retail import RETAIL
from identity.scoring.score import compare_pairs

WANG = {"name": "王小伟", "surname": "王", "name_pinyin": "wang xiao wei"}

ROWS = {
    column: pl.Date if column == "birth_date" else pl.Int64 if column == "unique_id"
    else pl.List(pl.String) if column.endswith("s") else pl.String
    for column in RETAIL.columns
}  # fmt: skip


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


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("139****1234", "139****1234", "the masked phone agrees"),
        ("139****1234", "1******1234", "the masked phone agrees"),
        ("139****1234", "139******34", "the masked phone agrees"),
        ("13900001234", "1******1234", "the masked phone agrees"),
        ("13900001234", "139****1234", "the masked phone agrees"),
        ("155****1234", "133****1234", "phones differ"),
        ("15500001234", "133****1234", "phones differ"),
        ("15500001234", "13300001234", "phones differ"),
        ("13900001234", "13900001234", "same phone"),
    ],
)
def test_numbers_agree_as_far_as_both_are_known(world, first, second, expected):
    kinds = ["phone_masked" if "*" in number else "phone" for number in (first, second)]
    masked = [
        [(kind, number, "masked" if kind != "phone" else "exact")]
        for kind, number in zip(kinds, (first, second), strict=True)
    ]
    rows = two(world, {"ids": masked[0]}, {"ids": masked[1]})
    con = duckdb.connect()
    try:
        con.register("rows", pl.DataFrame(rows, schema=ROWS, strict=False).to_arrow())
        con.execute("create table candidate as select * from rows")
        con.execute("create table pairs as select '0' as match_key, 0 as join_key_l, 1 as join_key_r")
        made = compare_pairs(con, "candidate", "pairs", expected_settings(RETAIL), gammas=True)
        (level,) = con.sql(f"select gamma_phone from {made}").fetchall()[0]
    finally:
        con.close()
    assert RETAIL.level_labels()["phone"][level] == expected


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
