import pytest
from segments_world import World, audience, export

from common.errors import DefinitionError, UsageError
from segments.api import find_audience, load_audiences, survey_audiences


@pytest.fixture
def home(tmp_path):
    world = World()
    world.person("P1", n_records=1, city="上海", n_orders=3)
    world.reachable("P1", "13800000001")
    return world.publish(tmp_path / "home")


def own(home, name, where="{column: n_records, gte: 1}"):
    folder = home / "audiences"
    folder.mkdir(exist_ok=True)
    text = audience(folder, where).path.read_text(encoding="utf-8")
    (folder / "sample.yml").unlink()
    (folder / f"{name}.yml").write_text(text.replace("name: sample", f"name: {name}"), encoding="utf-8")


def test_own_audiences_stand_beside_the_built_in_ones_in_one_order(home):
    own(home, "regulars")
    found = load_audiences(home)
    assert list(found) == sorted({*load_audiences(), "regulars"})
    assert {name for name, one in found.items() if one.origin == "own"} == {"regulars"}
    assert find_audience("regulars", home).path == home / "audiences" / "regulars.yml"


def test_an_own_audience_takes_the_place_of_a_built_in_one(home):
    own(home, "coupon_lovers")
    assert find_audience("coupon_lovers", home).origin == "own"
    assert find_audience("coupon_lovers").origin == "built_in"
    assert len(load_audiences(home)) == len(load_audiences())
    assert export(home, "coupon_lovers").rows == 1


def test_a_wrong_own_file_is_told_and_keeps_no_other_back(home):
    own(home, "regulars")
    (home / "audiences" / "broken.yml").write_text("name: broken\nwhere: [", encoding="utf-8")
    shelf = survey_audiences(home)
    assert set(shelf.faults) == {"broken"}
    assert set(shelf.audiences) == {*load_audiences(), "regulars"}
    with pytest.raises(DefinitionError, match=r"broken.yml:2: this is not valid YAML"):
        load_audiences(home)


def test_an_audience_that_there_is_none_of_is_answered_with_those_alike(home):
    own(home, "regulars")
    with pytest.raises(UsageError, match="Did you mean regulars"):
        find_audience("regular", home)
    with pytest.raises(UsageError, match="There is no audience 'regulars'"):
        find_audience("regulars")
