import itertools
import json
import math
from datetime import date

import polars as pl
import pytest

from common.errors import DefinitionError
from identity.keeping.keeping import Keeping
from identity.keeping.review import ITEM_SCHEMA, Decision, read_decisions, review_items, write_decisions
from identity.pipeline import resolve
from identity.scoring.retail import RETAIL
from identity.showing.sides import compared, sides
from identity.showing.verdicts import COMPARED, DIFFER, NOT_COMPARED

HOME = {"city_code": "310100", "district_code": "310115", "address": "世纪大道100号3栋1201室"}


def edge(a, b, kind, probability, *, one_id=None, cut=0):
    return {
        "record_a": a, "role_a": "member", "record_b": b, "role_b": "member", "kind": kind, "one_id": one_id,
        "match_weight": math.log2(probability / (1 - probability)), "match_probability": probability,
        "is_bridge": cut > 0, "n_cut_off": cut, "words": "same name", "words_zh": "姓名相同",
    }  # fmt: skip


def people(**one_ids):
    rows = [(record, "member", one_id) for one_id, records in one_ids.items() for record in records]
    return pl.DataFrame(rows, schema=["record_id", "role", "one_id"], orient="row")


def answer(a, b, decision="not_sure", item="Q1"):
    return Decision(item, decision, a, "member", b, "member", "anna", "2026-11-20T08:00:00")


SPEND = pl.DataFrame({"record_id": ["b1", "b2", "c1"], "amount": [100.0, 300.0, 100.0]})
WHO = people(A=["a1", "a2", "a3"], B=["b1", "b2"], C=["c1"])
EDGES = pl.DataFrame(
    [
        edge("a1", "b1", "doubtful", 0.6), edge("b2", "a2", "doubtful", 0.9), edge("b1", "c1", "doubtful", 0.5),
        edge("a1", "a3", "scored", 0.97, one_id="A", cut=1), edge("a1", "a2", "sure", 0.9, one_id="A", cut=1),
        edge("b1", "b2", "scored", 0.999, one_id="B", cut=1),
    ]
)  # fmt: skip


def test_questions_come_by_uncertainty_times_what_is_at_stake():
    items = review_items(EDGES, WHO, [], SPEND, "r1")
    assert dict(items.schema) == ITEM_SCHEMA
    assert items.select("kind", "one_id_a", "one_id_b").rows() == [
        ("pair", "A", "B"), ("pair", "B", "C"), ("person", "A", "A"),
    ]  # fmt: skip
    first = items.row(0, named=True)
    # Between A and B the stronger edge speaks; B is the smaller side, with 400 spent and a median order of 100.
    bits = -(0.9 * math.log2(0.9) + 0.1 * math.log2(0.1))
    assert first["value"] == pytest.approx(bits * (2 + 400 / 100), abs=1e-4)
    assert (first["record_a"], first["record_b"]) == ("a2", "b2")
    assert items.select("kind", "holds_export").rows() == [("pair", False), ("pair", False), ("person", True)]


def test_a_question_keeps_its_name_from_run_to_run_and_knows_when_it_was_first_asked():
    first = review_items(EDGES, WHO, [], SPEND, "r1")
    again = review_items(EDGES.reverse(), WHO.reverse(), [], SPEND, "r2", first)
    assert again.equals(first)


def test_what_was_answered_is_not_asked_again_whichever_records_stand_for_the_two():
    left = review_items(EDGES, WHO, [answer("b1", "a3"), answer("a3", "a1", item="Q2")], SPEND, "r2")
    assert left.select("one_id_a", "one_id_b").rows() == [("B", "C")]


def test_the_last_answer_to_a_question_counts_and_all_are_kept(tmp_path):
    folder = tmp_path / "identity"
    write_decisions(folder, [answer("a", "b", "same"), answer("c", "d", "same", "Q2")])
    write_decisions(folder, [answer("a", "b", "different")])
    assert [(one.item_id, one.decision) for one in read_decisions(folder)] == [("Q2", "same"), ("Q1", "different")]
    assert len((folder / "decisions.csv").read_text().splitlines()) == 4
    assert (folder / "decisions.csv").stat().st_mode & 0o777 == 0o600


def test_a_file_of_decisions_that_somebody_broke_is_refused(tmp_path):
    (tmp_path / "decisions.csv").write_text("item_id;decision\n")
    with pytest.raises(DefinitionError, match="Restore it from a copy"):
        read_decisions(tmp_path)


@pytest.fixture
def run(world, tmp_path):
    def one(run_id, previous=None):
        out = tmp_path / run_id
        resolve(
            world.write(), public=out / "public", private=out / "private", previous=previous and previous / "public",
            models=tmp_path / "models", key=b"k", run_id=run_id,
            keeping=Keeping(tmp_path / "identity", previous and previous / "private"),
        )  # fmt: skip
        return out, pl.read_parquet(out / "public" / "review_item.parquet")

    return one


NAMES = [
    "王小伟",
    "李建国",
    "张桂英",
    "刘海洋",
    "陈思远",
    "杨柳青",
    "赵文博",
    "黄晓彤",
    "周子涵",
    "孙嘉怡",
    "吴家豪",
    "何雨桐",
]


def doubtful_world(world):
    """Pairs that agree and differ to every degree: whatever the model weighs, some of them are doubtful."""
    city = {"city_code": "310100"}
    near = {**city, "district_code": "310115"}
    other = {"gender": "female", "birth_date": date(1991, 7, 8)}
    for number, (there, differing) in enumerate(
        itertools.product((city, near, HOME), ({}, {"gender": "female"}, {"birth_date": date(1980, 1, 20)}, other))
    ):
        full = NAMES[number]
        name = {"name": full, "name_simplified": full, "surname": full[0], "name_pinyin": f"pin yin {number}"}
        ours = {"gender": "male", "birth_date": date(1980, 1, 2)}
        world.say(number, [("phone", f"139000056{number:02}")], **name, **HOME, **ours)
        world.order(100 + number, receiver=[("phone", f"137000012{number:02}")], **name, **there, **differing)


def persons(out):
    ids = pl.read_parquet(out / "public" / "record_map.parquet").select("record_id", "one_id").iter_rows()
    return dict(ids)


def test_an_answer_holds_in_every_later_run_and_its_question_is_gone(world, run, tmp_path):
    doubtful_world(world)
    out, items = run("r1")
    question = items.filter(kind="pair").row(0, named=True)
    a, b = question["record_a"], question["record_b"]
    ends = [question[name] for name in ("record_a", "role_a", "record_b", "role_b")]
    write_decisions(tmp_path / "identity", [Decision(question["item_id"], "same", *ends, "anna", "2026-11-20")])
    for run_id in ("r2", "r3"):
        out, items = run(run_id, out)
        assert question["item_id"] not in items["item_id"]
        assert persons(out)[a] == persons(out)[b]
    write_decisions(tmp_path / "identity", [Decision(question["item_id"], "different", *ends, "anna", "2026-11-21")])
    out, items = run("r4", out)
    assert question["item_id"] not in items["item_id"]
    assert persons(out)[a] != persons(out)[b]


def test_both_sides_are_shown_masked_and_what_they_share_is_marked(world, run):
    doubtful_world(world)
    out, items = run("r1")
    asked = items.filter(kind="pair").row(0, named=True)
    a, b = sides(asked, out / "public", world.folder)
    assert sides(asked, out / "public", world.folder, out / "private") == (a, b)
    (name,) = a.facts["names"]
    assert b.facts["names"] == [name] and name[:2] == "✓ " and name[3:] == "**"
    phones = [phone.removeprefix("✓ ") for phone in (*a.facts["phones"], *b.facts["phones"])]
    assert {phone[:3] for phone in phones} == {"139", "137"} and all("****" in phone for phone in phones)
    assert "世纪大道" not in str(a.facts) + str(b.facts)


def test_beside_each_fact_stands_what_the_evidence_says_and_first_the_values_that_it_compared(world, run):
    doubtful_world(world)
    for number in range(12):  # many other numbers must not hide the one that agrees
        world.say(
            number, [("phone", f"139000056{number:02}"), *(("phone", f"1880000{number:02}{n:02}") for n in range(9))]
        )
    out, items = run("r1")
    edges = {
        frozenset(((row["record_a"], row["role_a"]), (row["record_b"], row["role_b"]))): json.loads(row["evidence"])
        for row in pl.read_parquet(out / "public" / "edge.parquet").filter(kind="doubtful").iter_rows(named=True)
    }
    labels = RETAIL.level_labels()
    n_told = 0
    for item in items.filter(kind="pair").iter_rows(named=True):
        ends = frozenset(((item["record_a"], item["role_a"]), (item["record_b"], item["role_b"])))
        levels = {name: part["level"] for name, part in edges[ends].items() if part and part["level"] is not None}
        found = compared(item, out / "public", world.folder, out / "private", levels)
        for key, told in found.verdicts.items():
            comparison = COMPARED[key]
            if levels.get(comparison, -1) < 0:
                assert told == NOT_COMPARED
                continue
            n_told += 1
            assert (told == DIFFER) == (levels[comparison] == 0)
            if labels[comparison][levels[comparison]].startswith("same ") and key not in ("cities", "addresses"):
                assert found.a.facts[key][0] == found.b.facts[key][0]
    assert n_told > 5


def test_a_person_with_two_names_is_asked_about_and_kept_out_of_lists_until_answered(world, run, tmp_path):
    one, other = ({"name": n, "name_simplified": n, "surname": n[0], "name_pinyin": n} for n in ("王小伟", "李建国"))
    card = [("pos_card", "C1")]
    for number in range(2):
        world.say(number, card, **one)
        world.say(10 + number, card, source="youzan", **other)
    out, items = run("r1")
    question = items.row(0, named=True)
    assert (question["kind"], question["holds_export"], question["uncertainty_bits"]) == ("person", True, 1.0)
    a, b = sides(question, out / "public", world.folder)
    assert sides(question, out / "public", world.folder, out / "private") == (a, b)
    assert compared(question, out / "public", world.folder).verdicts["names"] == DIFFER
    assert a.n_records + b.n_records == 4 and min(a.n_records, b.n_records) > 0
    ends = [question[name] for name in ("record_a", "role_a", "record_b", "role_b")]
    write_decisions(tmp_path / "identity", [Decision(question["item_id"], "same", *ends, "anna", "2026-11-20")])
    out, items = run("r2", out)
    assert items.is_empty() and len(set(persons(out).values())) == 1
    write_decisions(tmp_path / "identity", [Decision(question["item_id"], "different", *ends, "anna", "2026-11-21")])
    out, items = run("r3", out)
    assert len(set(persons(out).values())) == 2


def test_a_person_past_a_limit_is_asked_about_once_and_kept_out_of_lists_until_answered(world, run, tmp_path):
    for number in range(11):
        world.say(number, [("jd_pin", f"p{number:02}"), ("email", f"e{number}@example.com")])
        world.say(f"{number}+", [("jd_pin", f"p{number:02}"), ("email", f"e{number + 1}@example.com")])
    out, items = run("r1")
    question = items.row(0, named=True)
    assert len(items) == 1 and (question["kind"], question["holds_export"]) == ("person", True)
    assert question["words"] == "has 12 of email, more than 10"
    assert question["record_a"] != question["record_b"]
    ends = [question[name] for name in ("record_a", "role_a", "record_b", "role_b")]
    write_decisions(tmp_path / "identity", [Decision(question["item_id"], "same", *ends, "anna", "2026-11-20")])
    out, items = run("r2", out)
    assert items.is_empty() and len(set(persons(out).values())) == 1
