import json
import math

import polars as pl
import pytest

from common.errors import UsageError
from identity.keeping.keeping import Keeping
from identity.measuring import canary_cases
from identity.measuring.expected import Expected
from identity.pipeline import resolve
from identity.scoring import models_store
from identity.scoring.model import Model
from identity.scoring.models_compare import Ground, Outcome, _compared, compare_models, weight_changes
from identity.scoring.models_store import levels, load_model, promote, report_of, serving, stored, train_candidate
from identity.scoring.retail import RETAIL

SHIPPED = json.loads(RETAIL.shipped_model.read_text("utf-8"))


def candidate(models, name="candidate-0001", *, sharper=1.0):
    """A model file whose first level of the first comparison is `sharper` times as frequent among matches."""
    settings = json.loads(json.dumps(SHIPPED))
    level = next(x for x in settings["comparisons"][0]["comparison_levels"] if not x.get("is_null_level"))
    level["m_probability"] *= sharper
    models.mkdir(exist_ok=True)
    (models / f"{name}.json").write_text(json.dumps(settings), "utf-8")
    (models / f"{name}.note").write_text('{"trained_on": "r1"}', "utf-8")
    (models / f"{name}.report.txt").write_text("learned", "utf-8")
    return settings


def test_a_candidate_serves_nobody_until_it_is_promoted(tmp_path):
    settings = candidate(tmp_path)
    assert serving(tmp_path, RETAIL) == "shipped"
    assert promote(tmp_path, "candidate-0001", RETAIL, {"promoted_at": "now"}) == "splink-0001"
    assert serving(tmp_path, RETAIL) == "splink-0001"
    assert load_model(tmp_path, "splink-0001", RETAIL).settings == settings
    assert report_of(tmp_path, "splink-0001") == "learned"
    note = next(one.note for one in stored(tmp_path, RETAIL) if one.is_serving)
    assert note == {"trained_on": "r1", "promoted_at": "now", "promoted_from": "candidate-0001"}


def test_going_back_is_a_new_version_of_the_old_content(tmp_path):
    old = candidate(tmp_path, "splink-0001")
    candidate(tmp_path, "splink-0002", sharper=0.9)
    assert promote(tmp_path, "splink-0001", RETAIL, {}) == "splink-0003"
    assert load_model(tmp_path, "splink-0003", RETAIL).settings == old
    assert promote(tmp_path, "splink-0003", RETAIL, {}) == "splink-0003"
    assert promote(tmp_path, "shipped", RETAIL, {}) == "splink-0004"


def test_a_model_that_is_not_there_is_named_with_those_that_are(tmp_path):
    for name in ("candidate-0007", "../splink-0001", "train"):
        with pytest.raises(UsageError, match="there are shipped"):
            load_model(tmp_path, name, RETAIL)


def test_levels_tell_m_and_u_and_the_weight_between_them():
    row = levels(Model("shipped", SHIPPED)).row(0, named=True)
    assert row["weight"] == pytest.approx(math.log2(row["m"] / row["u"]))


def test_the_change_of_a_weight_is_told_in_bits(tmp_path):
    other = Model("b", candidate(tmp_path, sharper=0.5))
    changes = weight_changes(Model("a", SHIPPED), other)
    assert changes["change"].to_list()[0] == pytest.approx(-1.0)
    assert changes["change"].drop_nulls().abs().sum() == pytest.approx(1.0)


def test_merges_splits_and_changed_ids_are_counted_between_two_partitions():
    before = pl.DataFrame({"record_id": list("123456"), "role": ["m"] * 6, "one_id": ["A", "A", "B", "C", "C", "D"]})
    after = before.with_columns(one_id=pl.Series(["A", "A", "A", "C", "E", "D"]))
    nothing = Outcome(0, Expected(0, 0, 0, 0), Expected(0, 0, 0, 0), 1.0, 1.0)
    found = _compared(pl.DataFrame(), nothing, nothing, before, after)
    assert (found.n_records, found.n_changed, found.n_merged, found.n_split) == (6, 2, 1, 1)
    assert found.example.rows() == [("merge", "A", ["A", "B"], 3), ("split", "C", ["C", "E"], 2)]


def test_too_few_descriptions_train_nothing(world, tmp_path):
    world.say(1, [("phone", "13900000001")], name="王小伟", name_simplified="王小伟")
    with pytest.raises(UsageError, match="too few to train on"):
        train_candidate(tmp_path / "models", world.write(), RETAIL, {})
    assert not (tmp_path / "models").exists()


def test_training_keeps_a_candidate_with_its_report_and_note(world, tmp_path, monkeypatch):
    monkeypatch.setattr(models_store, "TRAINING_MINIMUM", 30)
    for n in range(60):
        name = "王李张刘陈"[n % 5] + "伟芳娜敏静"[n // 12]
        home = {"city_code": "310100", "district_code": "310115", "address": f"世纪大道{n // 2}号3栋{n}室"}
        world.say(n, [("phone", f"139000000{n // 2:02d}")], name=name, name_simplified=name, surname=name[0], **home)
    made = train_candidate(tmp_path / "models", world.write(), RETAIL, {"trained_on": "r1"})
    assert (made.name, made.is_serving, made.note["trained_on"]) == ("candidate-0001", False, "r1")
    assert levels(load_model(tmp_path / "models", made.name, RETAIL))["m"].is_not_null().all()
    assert serving(tmp_path / "models", RETAIL) == "shipped"


def test_a_model_compared_with_itself_changes_nobody_and_leaves_nothing(world, tmp_path, monkeypatch):
    monkeypatch.setattr(canary_cases, "CASES", 1)
    for n, phone in enumerate(("13900000001", "13900000001", "13900000002")):
        world.say(n, [("phone", phone)], name="王小伟", name_simplified="王小伟", surname="王", city_code="310100")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    model = Model("shipped", SHIPPED)
    ground = Ground(world.write(), scratch, tmp_path / "models", None, Keeping(), b"k")
    found = compare_models(resolve, model, model, ground, RETAIL)
    assert (found.n_changed, found.n_merged, found.n_split) == (0, 0, 0)
    assert found.a == found.b
    assert not list(scratch.iterdir())
