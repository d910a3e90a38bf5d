import polars as pl
import pytest

from identity.pipeline import resolve

WANG = {"name": "王小伟", "name_simplified": "王小伟", "surname": "王", "name_pinyin": "wang xiao wei"}


@pytest.fixture
def golden(world, tmp_path):
    def run():
        public, private = tmp_path / "public", tmp_path / "private"
        resolve(
            world.write(), public=public, private=private, previous=None, models=tmp_path / "models", key=b"k",
            run_id="r1",
        )  # fmt: skip
        return pl.read_parquet(public / "golden_candidate.parquet"), pl.read_parquet(private / "golden_value.parquet")

    return run


def lost(candidate, field):
    return candidate.filter(pl.col("field") == field).sort("rank")["lost_by"].to_list()


def test_losers_are_kept_with_the_criterion_that_they_lost_by(world, golden):
    phone = ("phone", "13900000001")
    world.say(1, [phone], day=1, city_code="310100", gender="male", **WANG)
    world.say(2, [phone], day=9, city_code="330100", gender="male", **WANG)
    world.say(3, [phone], day=5, gender="female", **WANG)
    world.say(4, [phone], source="tmall", role="buyer", day=20, name="王**", name_simplified="王**", quality="masked")
    candidate, value = golden()
    told = dict(value.select("field", "value").iter_rows())
    assert (told["city_code"], told["gender"], told["name"]) == ("330100", "male", "王小伟")
    assert lost(candidate, "city_code") == [None, "older"]
    assert lost(candidate, "gender") == [None, "less frequent"]
    assert lost(candidate, "name") == [None, "less complete"]
    assert candidate.filter(field="name")["value"].null_count() == 2


def test_a_field_of_which_everybody_says_the_same_has_no_losers(world, golden):
    world.say(1, [("phone", "13900000001")], gender="male", **WANG)
    world.say(2, [("phone", "13900000001")], gender="male", **WANG)
    candidate, _ = golden()
    assert candidate.is_empty()
