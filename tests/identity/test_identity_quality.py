import json
import math
import re

import polars as pl
import pytest

from common.errors import DefinitionError
from identity.measuring.canaries import compared_with_truth, is_canary, measure_canaries, write_canaries
from identity.measuring.canary_cases import CANARY, PHENOMENA, canary_rows
from identity.measuring.drift import drift, stability_index
from identity.measuring.expected import false_links, misses
from identity.measuring.quality import Metric, Run, load_metrics, measure
from identity.pipeline import resolve
from identity.registry import load_registry
from identity.scoring.model import Model
from identity.scoring.retail import RETAIL

SHIPPED = Model("shipped", json.loads(RETAIL.shipped_model.read_text("utf-8")))
EDGE = ("record_a", "role_a", "record_b", "role_b", "kind", "match_weight", "match_probability", "one_id", "evidence")


def edges(*rows):
    made = []
    for a, b, kind, weight, chance, one_id, *evidence in rows:
        made.append((a, "m", b, "m", kind, weight, chance, one_id, evidence[0] if evidence else None))
    schema = dict.fromkeys(EDGE, pl.String) | {"match_weight": pl.Float64, "match_probability": pl.Float64}
    return pl.DataFrame(made, schema=schema, orient="row")


def test_of_many_pairs_only_the_decisions_count_as_links_that_may_be_wrong():
    edge = edges(
        ("1", "2", "scored", 9.0, 0.9, "A"), ("2", "3", "scored", 8.0, 0.8, "A"), ("1", "3", "scored", 5.0, 0.7, "A"),
        ("3", "4", "sure", None, None, "A"), ("5", "6", "sure", None, None, "B"), ("1", "4", "scored", -2.0, 0.2, "A"),
    )  # fmt: skip
    found = false_links(edge)
    assert (found.n, round(found.value, 6)) == (2, 0.3)
    assert found.low == 0.0 < found.value < found.high


def test_pairs_that_a_name_has_settled_are_no_expected_misses():
    people = pl.DataFrame({"record_id": list("1234"), "role": ["m"] * 4, "one_id": list("ABCD")})
    family = '{"name":{"level":0,"weight":-3.0}}'
    edge = edges(
        ("1", "2", "doubtful", 3.0, 0.9, None, '{"name":{"level":4,"weight":3.0}}'),
        ("1", "2", "doubtful", 1.0, 0.6, None, '{"name":{"level":4,"weight":3.0}}'),
        ("3", "4", "doubtful", 4.0, 0.95, None, family),
    )  # fmt: skip
    assert misses(edge, people, RETAIL.vetoes).value == pytest.approx(0.9)


def test_a_metric_is_ok_warns_or_stops_on_its_bad_side():
    above = Metric(unit="x", meaning="m", meaning_zh="m", warn=1, stop=2)
    below = Metric(unit="x", meaning="m", meaning_zh="m", warn=0.9, stop=0.5, bad="below")
    assert [above.state(v) for v in (1, 1.5, 3)] == ["ok", "warn", "stop"]
    assert [below.state(v) for v in (0.9, 0.8, 0.4)] == ["ok", "warn", "stop"]
    assert below.state(0.8, 0.7) == "ok"


def test_a_metric_with_an_unknown_field_is_refused(tmp_path):
    path = tmp_path / "quality.yml"
    path.write_text("people: {unit: people, meaning: m, meaning_zh: m, alarm: 3}")
    with pytest.raises(DefinitionError, match="no metric"):
        load_metrics(path)


@pytest.fixture
def run(world, tmp_path):
    people = (("王小伟", "13900000001"), ("李娜", "13900000002"), ("张敏", "13900000003"))
    for n, (name, phone) in enumerate(people):
        world.say(n, [("phone", phone), ("national_id", f"N{n}")], name=name, name_simplified=name, surname=name[0])
        world.say(f"s{n}", [("phone", phone)], source="aliyun_sms", role="contact")
    world.say("again", [("phone", people[0][1])], source="jd", role="receiver", name="王小伟", name_simplified="王小伟",
              city_code="310100")  # fmt: skip
    touchpoints = world.write()

    def made(name="r1", previous=None):
        out = tmp_path / name
        report = resolve(
            touchpoints, public=out / "public", private=out / "private", previous=previous,
            models=tmp_path / "models", key=b"k", run_id=name,
        )  # fmt: skip
        scratch = tmp_path / "scratch"
        scratch.mkdir(exist_ok=True)
        return Run(out / "public", touchpoints, scratch, previous, name, report.as_dict(), SHIPPED.settings)

    return made


def test_every_run_measures_itself_and_keeps_what_was_measured_before(run):
    first = run()
    found = measure(first, load_registry(), RETAIL)
    value = {(m, p): v for m, p, v in found.select("metric", "part", "value").iter_rows()}
    assert value["people", ""] == 3 and value["parties", ""] == 7
    assert value["guards_broken", ""] == 0
    assert value["link_rate", "jd"] == value["link_rate", "aliyun_sms"] == 1.0
    assert (value["cluster_size", "2"], value["cluster_size", "3–5"]) == (2, 1)
    assert set(found["metric"]) == set(load_metrics()) - {"canary_precision", "canary_recall"}
    found.write_parquet(first.public / "quality.parquet")
    again = measure(run("r2", first.public), load_registry(), RETAIL)
    assert again["run_id"].unique(maintain_order=True).to_list() == ["r1", "r2"]
    assert again.filter(run_id="r1").equals(found)


def test_two_national_ids_in_one_person_stop_a_run_unless_a_steward_wants_them(run):
    made = run()
    record_map = pl.read_parquet(made.public / "record_map.parquet").with_columns(one_id=pl.lit("P1"))
    record_map.write_parquet(made.public / "record_map.parquet")
    broken = measure(made, load_registry(), RETAIL).filter(metric="guards_broken")
    assert broken.select("value", "state").row(0) == (1.0, "stop")
    pl.DataFrame({"decision": ["same"]}).write_parquet(made.public / "override.parquet")
    assert measure(made, load_registry(), RETAIL).filter(metric="guards_broken")["state"].item() == "ok"


def test_a_record_that_itself_names_two_national_ids_stops_nothing(run):
    made = run()
    identifier = pl.read_parquet(made.touchpoints / "identifier.parquet")
    second = identifier.filter(id_type="national_id").head(1).with_columns(id_value=pl.lit("N9"))
    pl.concat([identifier, second]).write_parquet(made.touchpoints / "identifier.parquet")
    assert measure(made, load_registry(), RETAIL).filter(metric="guards_broken")["value"].item() == 0


def test_drift_is_nought_where_pairs_fall_as_the_model_expects_and_grows_where_they_do_not():
    rows = [("m", "name", 1, 0.8, 0.8, 500), ("m", "name", 0, 0.2, 0.2, 500), ("u", "name", 1, 0.5, 0.1, 500),
            ("u", "name", 0, 0.5, 0.9, 500)]  # fmt: skip
    schema = ["which", "comparison", "level", "observed", "trained", "n_pairs"]
    index = stability_index(pl.DataFrame(rows, schema=schema, orient="row"))
    assert index["psi"].to_list() == pytest.approx([0.0, 0.4 * math.log(5) + 0.4 * math.log(9 / 5)])


def test_levels_are_counted_among_pairs_of_one_person_and_pairs_of_two(run):
    made = run()
    found = drift(made.touchpoints, made.table("record_map"), SHIPPED.settings, RETAIL, made.scratch)
    rows = found.filter(comparison="name").select("which", "level", "observed").iter_rows()
    names = {(which, level): share for which, level, share in rows}
    assert names["u", 0] == 1.0
    assert not list(made.scratch.iterdir())


def test_canaries_of_a_home_are_always_the_same_and_of_another_home_others():
    assert canary_rows(b"one") == canary_rows(b"one")
    assert canary_rows(b"one")[0]["identifier"] != canary_rows(b"two")[0]["identifier"]
    assert {row["phenomenon"] for row in canary_rows(b"one")[1]} == set(PHENOMENA)


def test_canaries_have_numbers_that_no_carrier_gives_out_and_accounts_of_no_source():
    for row in canary_rows(b"one")[0]["identifier"]:
        if row["id_type"] in ("phone", "phone_virtual", "phone_masked"):
            assert re.match(r"15[4]|16[013489]", row["id_value"])
        else:
            assert row["id_value"].startswith(CANARY)


def test_canaries_leave_no_trace_and_change_nobodys_id(run, tmp_path):
    made = run()
    before = {path.name: pl.read_parquet(path) for path in made.public.glob("*.parquet")}
    tables = {path.name: path.read_bytes() for path in made.touchpoints.glob("*.parquet")}
    models = tmp_path / "models"
    found = measure_canaries(
        resolve, made.touchpoints, made.scratch, models=models, model=SHIPPED, key=b"k", run_id="r1"
    )
    assert not list(made.scratch.iterdir())
    assert tables == {path.name: path.read_bytes() for path in made.touchpoints.glob("*.parquet")}
    assert all(frame.equals(pl.read_parquet(made.public / name)) for name, frame in before.items())
    assert not any(frame.select(is_canary(pl.col("record_id")).any()).item() for frame in before.values()
                   if "record_id" in frame.columns)  # fmt: skip
    line = {row["phenomenon"]: row for row in found.iter_rows(named=True)}
    assert line["all"]["pairwise_precision"] >= 0.97 and line["all"]["pairwise_recall"] >= 0.8
    assert line["two_national_ids"]["n_wrongly_merged"] == line["virtual_number"]["n_wrongly_merged"] == 0


def test_a_canary_found_in_a_real_person_counts_as_a_mistake():
    truth = pl.DataFrame({"record_id": ["canary-1", "canary-2"], "role": ["m", "m"], "person_id": ["c", "c"],
                          "phenomenon": ["plain", "plain"]})  # fmt: skip
    record_map = pl.DataFrame({"record_id": ["canary-1", "canary-2", "real"], "role": ["m"] * 3, "one_id": ["A"] * 3})
    row = compared_with_truth(record_map, truth, "r").row(0, named=True)
    assert (row["n_wrongly_merged"], row["n_persons"], row["n_parties"]) == (1, 1, 2)
    assert row["pairwise_precision"] == pytest.approx(1 / 3)


def test_real_namesakes_are_among_the_canaries_but_nobody_who_carries_their_values(run, tmp_path):
    made = run()
    name = next(row["value"] for row in canary_rows(b"k")[0]["attribute"] if row["name"] == "name")
    attribute = pl.read_parquet(made.touchpoints / "attribute.parquet")
    renamed = attribute.with_columns(value=pl.when(pl.col("value") == "李娜").then(pl.lit(name)).otherwise("value"))
    renamed.write_parquet(made.touchpoints / "attribute.parquet")
    write_canaries(made.touchpoints, tmp_path / "c", b"k")
    real = pl.read_parquet(tmp_path / "c" / "record.parquet").filter(~is_canary(pl.col("record_id")))
    assert real["record_id"].to_list() == ["pos-1"]
