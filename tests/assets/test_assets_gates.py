"""The Great Expectations gates: what passes, what fails, and that a failure tells no value."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from assets import gates
from assets.gates import Expectation, load_gates, validate
from common.errors import DefinitionError

ROOT = Path(__file__).parents[2]
EXPECTATIONS, MODELS = ROOT / "assets" / "expectations", ROOT / "dbt_like_sql" / "models"
UNIQUE = Expectation(type="expect_column_values_to_be_unique", kwargs={"column": "one_id"})
PRESENT = Expectation(type="expect_column_values_to_not_be_null", kwargs={"column": "one_id"})


def test_each_expectation_has_its_own_outcome_and_count_of_failing_rows() -> None:
    rows = pd.DataFrame({"one_id": ["a", "b", "b", None]})
    assert validate(rows, {"unique": UNIQUE, "present": PRESENT}) == {"unique": (False, 2), "present": (False, 1)}


def test_two_expectations_of_one_type_on_one_column_are_both_evaluated() -> None:
    strict = Expectation(type="expect_column_values_to_be_in_set", kwargs={"column": "status", "value_set": ["loaded"]})
    mild = Expectation(
        type="expect_column_values_to_be_in_set",
        kwargs={"column": "status", "value_set": ["loaded"], "mostly": 0.5},
        severity="warn",
    )
    rows = pd.DataFrame({"status": ["loaded", "unknown"]})
    assert validate(rows, {"strict": strict, "mild": mild}) == {"strict": (False, 1), "mild": (True, 1)}


def test_an_empty_table_passes() -> None:
    assert validate(pd.DataFrame({"one_id": pd.Series([], dtype="str")}), {"unique": UNIQUE}) == {"unique": (True, 0)}


def test_an_expectation_on_a_column_that_is_not_there_is_a_mistake_in_the_file() -> None:
    with pytest.raises(DefinitionError, match="unique cannot be evaluated"):
        validate(pd.DataFrame({"other": [1]}), {"unique": UNIQUE})


def test_a_gate_file_with_an_unknown_key_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "odd.yml").write_text("description: d\nframes: []\nmood: good\n")
    with pytest.raises(DefinitionError, match=r"odd\.yml"):
        load_gates(tmp_path)


def test_the_landing_gate_knows_every_outcome_that_the_dictionary_tells_of() -> None:
    suite = yaml.safe_load((EXPECTATIONS / "landing.yml").read_text("utf-8"))
    allowed = re.search(r"every_file_has_a_known_outcome.*?'value_set': \[(.*?)\]", str(suite))
    sources = yaml.safe_load((MODELS / "sources" / "ops.yml").read_text("utf-8"))
    told = re.search(r"'([a-z, ]+ or unreadable) ·", str(sources))
    assert allowed and told
    assert set(re.findall(r"\w+", allowed[1])) == set(re.findall(r"\w+", told[1])) - {"or"}


@pytest.mark.slow
def test_the_gates_outlive_an_import_that_would_end_a_process_without_a_main_file() -> None:
    code = "from assets.gates import validate; import pandas; print(validate(pandas.DataFrame({'a': [1]}), {}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "{}"), done.stderr


@pytest.mark.parametrize(("cell", "runs"), [("+19495550147", 0), ("13800000001", 0), ("=1+1", 1), ("+1+cmd", 1)])
def test_a_number_abroad_is_no_formula(tmp_path, cell, runs):
    content = f"客户编号,手机号\r\nP1,{cell}\r\n".encode()
    (tmp_path / "list.csv").write_bytes(content)
    manifest = {"file": "list.csv", "encoding": "utf-8", "audience": "own", "sha256": "", "rows": 1}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    assert gates._facts(tmp_path, ())["formula_cells"] == runs
