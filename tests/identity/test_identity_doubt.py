"""People whose records contradict each other are listed, each with its reason."""

from datetime import date

import polars as pl

from identity.keeping.doubt import doubts
from identity.parties import read_parties

NO_EDGE = pl.DataFrame(
    schema={"one_id": pl.String, "is_bridge": pl.Boolean, "match_weight": pl.Float64, "n_cut_off": pl.Int64}
)
WANG = {"name": "王小伟", "surname": "王", "name_pinyin": "wang xiao wei"}
LI = {"name": "李娜", "surname": "李", "name_pinyin": "li na"}


def reasons(world, edge=NO_EDGE):
    """Reasons and smaller sides, where all records are one person's."""
    parties = read_parties(world.write())
    found = doubts(parties, parties.party.select("party", pl.lit("P1").alias("one_id")), edge)
    return {row["reason"]: (row["n_records"], row["holds_export"]) for row in found.iter_rows(named=True)}


def test_two_names_that_cannot_be_one_persons_are_a_doubt(world):
    for key in range(3):
        world.say(f"w{key}", **WANG)
    world.say("l1", **LI)
    assert reasons(world) == {}  # once may be a slip
    world.say("l2", **LI)
    assert reasons(world) == {"two_names": (2, True)}


def test_two_ways_to_write_one_name_are_none(world):
    for key in range(4):
        world.say(key, name=("王小伟", "王晓伟")[key % 2], surname="王", name_pinyin="wang xiao wei")
        world.say(f"m{key}", name="王**", surname="王", quality="masked")
    assert reasons(world) == {}


def test_birth_dates_with_one_part_different_are_a_slip_and_others_a_doubt(world):
    for key, day in enumerate((date(1980, 3, 5), date(1980, 3, 5), date(1980, 8, 5), date(1980, 8, 5))):
        world.say(key, birth_date=day)
    assert reasons(world) == {}
    for key in ("a", "b"):
        world.say(key, birth_date=date(2001, 11, 23))
    assert reasons(world) == {"two_birth_dates": (4, True)}


def test_two_genders_are_told_and_keep_nobody_out(world):
    for key, gender in enumerate(("male", "male", "male", "female", "female")):
        world.say(key, gender=gender)
    assert reasons(world) == {"two_genders": (2, False)}


def test_a_person_who_hangs_by_one_weak_edge_is_told_with_its_weight(world):
    world.say(1, **WANG)
    edge = pl.DataFrame(
        [("P1", True, 5.0, 3), ("P1", False, 2.0, 9), ("P2", True, 12.0, 4)], schema=NO_EDGE.schema, orient="row"
    )
    assert reasons(world, edge) == {"weak_edge": (3, False)}
