import pytest
from segments_world import World, audience

from segments.api import find_audience, open_published, overlap, preview
from segments.rules.load import load_audience


@pytest.fixture
def world():
    world = World()
    for number in range(1, 6):
        world.person(f"P{number}", n_records=number, city="上海")
        world.golden_value.append({"one_id": f"P{number}", "field": "name", "value": "王小明"})
    for number in range(1, 4):
        world.reachable(f"P{number}", f"1380000000{number}")
    world.state("P4", "revoked")
    return world


@pytest.fixture
def published(tmp_path, world):
    with open_published(world.publish(tmp_path / "home")) as published:
        yield published


def test_a_preview_says_how_many_and_why_the_rest_is_not(tmp_path, published):
    reach = preview(published, audience(tmp_path, "{column: n_records, gte: 2}")).reach
    assert (reach.matching, reach.reachable) == (4, 2)
    assert reach.unreachable == {"no_consent_recorded": 1, "consent_revoked": 1, "identity_in_doubt": 0}


def question(world, a, b, kind, holds=False):
    world.add("identity.review_item", item_id=f"Q{a}{b}", kind=kind, one_id_a=a, one_id_b=b, holds_export=holds)


def test_who_may_be_two_or_one_with_somebody_who_refused_is_on_no_list(tmp_path, world):
    question(world, "P1", "P1", "person", holds=True)
    question(world, "P2", "P4", "pair")
    question(world, "P3", "P5", "pair")
    question(world, "P3", "P3", "person")
    with open_published(world.publish(tmp_path / "home")) as published:
        seen = preview(published, audience(tmp_path, "{column: n_records, gte: 1}"))
        counted = preview(published, audience(tmp_path, "{column: n_records, gte: 1}", channel=None)).reach
    assert seen.people["one_id"].to_list() == ["P3"]
    assert seen.reach.reachable == 1
    assert seen.reach.unreachable == {"no_consent_recorded": 1, "consent_revoked": 1, "identity_in_doubt": 2}
    assert counted.reachable == 5


def test_previewed_people_are_masked(tmp_path, published):
    people = preview(published, audience(tmp_path, "{column: n_records, gte: 1}", personal="[name]"), people=2).people
    assert people.rows(named=True) == [
        {"one_id": "P1", "contact.value": "138******01", "personal.name": "王**", "city": "上海"},
        {"one_id": "P2", "contact.value": "138******02", "personal.name": "王**", "city": "上海"},
    ]


def test_a_preview_of_sizes_leaves_the_vault_closed(tmp_path, published):
    (published.home.vault / published.run_id / "identity" / "contact_point.parquet").unlink()
    assert preview(published, audience(tmp_path, "{column: n_records, gte: 1}"), people=0).people.is_empty()


def test_an_audience_without_a_channel_reaches_everybody_it_describes(tmp_path, published):
    reach = preview(published, audience(tmp_path, "{column: n_records, gte: 1}", channel=None)).reach
    assert (reach.matching, reach.reachable, reach.unreachable) == (5, 5, {})


def test_parameters_change_the_preview(published):
    one = find_audience("coupon_lovers")
    assert "n_orders >= 7" in preview(published, one, parameters={"min_orders": 7}, people=0).compiled.sql


def test_overlap_counts_people_in_both_lists(tmp_path, published):
    def named(name, where):
        path = tmp_path / f"{name}.yml"
        text = audience(tmp_path, where).path.read_text(encoding="utf-8").replace("name: sample", f"name: {name}")
        path.write_text(text, encoding="utf-8")
        return load_audience(path)

    audiences = [named("early", "{column: n_records, lte: 2}"), named("late", "{column: n_records, gte: 2}")]
    found = overlap(published, audiences)
    assert found.names == ["early", "late"]
    assert found.matrix == [[2, 1], [1, 2]]
    assert overlap(published, audiences[:1]).matrix == [[2]]
    assert overlap(published, []).matrix == []
