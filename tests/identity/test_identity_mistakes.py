from xml.etree import ElementTree

import polars as pl
import pytest

from identity.measuring.evaluate import ALL, evaluate_parties, quality_by_phenomenon
from identity.measuring.mistakes import mistakes
from identity.registry import load_registry
from identity.showing.charts import measures_chart, mistakes_chart, phenomena_chart

EDGE = {
    "record_a": pl.String, "role_a": pl.String, "record_b": pl.String, "role_b": pl.String, "kind": pl.String,
    "rule": pl.String, "match_weight": pl.Float64, "match_probability": pl.Float64, "evidence": pl.String,
    "one_id": pl.String,
}  # fmt: skip


def parties(*rows):
    """(record, one_id, person) with an optional phenomenon."""
    columns = ["record_id", "one_id", "person_id", "phenomenon"]
    frame = pl.DataFrame([(*r, "plain")[:4] for r in rows], schema=columns, orient="row")
    return frame.with_columns(role=pl.lit("member"), component="person_id")


def edges(*rows):
    """(record, record, kind, rule, weight, one_id) with an optional evidence."""
    made = []
    for a, b, kind, rule, weight, one_id, *evidence in rows:
        told = evidence[0] if evidence else None
        made.append((a, "member", b, "member", kind, rule, weight, None, told, one_id))
    return pl.DataFrame(made, schema=EDGE, orient="row")


def of(both, edge, touchpoints=None):
    return [tuple(row) for row in mistakes(both, edge, touchpoints, load_registry()).iter_rows()]


def test_a_wrong_merge_is_put_down_to_the_first_edge_that_was_laid_between_two_people():
    both = parties(("1", "A", "p"), ("2", "A", "q", "shared_phone"), ("3", "A", "q", "shared_phone"))
    evidence = '{"name":{"level":4,"weight":8.0},"gender":{"level":1,"weight":0.9}}'
    edge = edges(
        ("1", "3", "scored", "splink", 9.0, "A", evidence), ("1", "2", "sure", "phone", None, "A"),
        ("2", "3", "sure", "phone", None, "A"),
    )  # fmt: skip
    assert of(both, edge) == [("merge", "phone", "wrongly merged", "shared_phone", 1)]


def test_a_score_that_merged_two_people_names_the_comparisons_that_spoke():
    both = parties(("1", "A", "p"), ("2", "A", "q"))
    evidence = '{"name":{"level":4,"weight":8.0},"address":{"level":4,"weight":12.0},"phone":{"level":0,"weight":-3.0}}'
    edge = edges(("1", "2", "scored", "splink", 7.0, "A", evidence))
    assert of(both, edge) == [("merge", "score: address + name", "wrongly merged", "plain", 1)]


def test_three_people_in_one_id_are_two_wrong_merges_even_by_records_of_unknown_truth():
    both = parties(("1", "A", "p"), ("2", "A", "q"), ("3", "A", "r"))
    edge = edges(("1", "2", "sure", "email", None, "A"), ("2", "x", "sure", "phone", None, "A"))
    assert {(row[1], row[4]) for row in of(both, edge)} == {("email", 1), ("by records of unknown truth", 1)}


@pytest.fixture
def touchpoints(world):
    world.say(1, [("phone", "13900000001")], name="王小伟", name_simplified="王小伟")
    world.say(2, [("phone", "13900000001")])
    world.say(3, [("phone_masked", "139****0001", "masked")], name_simplified="王小伟", city_code="310100")
    world.say(4, [("phone", "13700000001")], name_simplified="王小伟", city_code="310100")
    world.say(5, [])
    return world.write()


def test_a_split_is_put_down_to_the_best_evidence_that_its_parts_share(touchpoints):
    both = parties(*((f"pos-{n}", f"ID{n}", "p") for n in range(1, 6)))
    doubtful = edges(("pos-3", "pos-4", "doubtful", "splink", 3.0, None))
    assert {row[:3] + row[4:] for row in of(both, doubtful, touchpoints)} == {
        ("split", "same phone", "not joined", 1),
        ("split", "same name, city and masked phone", "left in doubt", 1),
        ("split", "company on orders, or a chain of others", "not joined", 2),
    }


def test_a_perfect_run_has_no_mistakes_and_its_charts_say_so():
    both = parties(("1", "A", "p"), ("2", "B", "q"))
    found = mistakes(both, edges(), None, load_registry())
    assert found.is_empty()
    rows = both.with_row_index("row")
    lines = quality_by_phenomenon(rows, rows.select("row", phenomenon=pl.lit(ALL)))
    charts = [
        measures_chart(evaluate_parties(both), "m"), phenomena_chart(lines, "p"), mistakes_chart(found, "c"),
    ]  # fmt: skip
    assert all(ElementTree.fromstring(chart).tag.endswith("svg") for chart in charts)
    assert "没有错误 no mistakes" in charts[2]
