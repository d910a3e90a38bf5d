"""The product as its users use it: the `guiyi` and `duckdb` commands, day after day, on files as they land."""

import csv
import json
import os
import random
import re
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from simulator.world import ORIGINAL, simulate

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
AS_OF = date(2026, 10, 31)
KEYS = ["source", "account", "record_type", "natural_key", "role"]


def guiyi(*arguments: str | Path, code: int = 0) -> str:
    """Runs the command; gives what it printed."""
    done = subprocess.run(
        [BIN / "guiyi", *map(str, arguments)],
        capture_output=True, text=True, env={**os.environ, "GUIYI_KEY": "end to end"}, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def record_map(home: Path) -> pl.DataFrame:
    tables = (home / "warehouse.duckdb").resolve().parent / "tables"
    return pl.read_parquet(tables / "identity" / "record_map.parquet").sort("record_id", "role")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    out = tmp_path_factory.mktemp("world")
    # The sources that most brands have; all of them run in tests/pipelines.
    simulate(1_000, 4711, out, as_of=AS_OF, extra_days=2, sources=ORIGINAL)
    return out


@pytest.fixture(scope="module")
def home(world, tmp_path_factory):
    path = tmp_path_factory.mktemp("home")
    guiyi("run", "--home", path, "--landing", world / "landing", "--as-of", AS_OF)
    return path


def test_the_one_ids_are_right_and_the_people_whole(world, home):
    found = json.loads(guiyi("evaluate", "--home", home, "--truth", world / "truth" / "party.parquet", "--json"))
    assert found["n_truth_only"] == 0
    assert found["pairwise_precision"] >= 0.985 and found["b_cubed_precision"] >= 0.985
    assert found["pairwise_recall_reachable"] >= 0.95 and found["b_cubed_recall_reachable"] >= 0.95


@pytest.mark.parametrize("page", ["README.md", "docs/analysts.md"])
def test_every_query_of_the_documentation_runs_in_plain_duckdb(home, page):
    queries = re.findall(r"```sql\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
    assert len(queries) >= 3
    for query in queries:
        done = subprocess.run(
            [BIN / "duckdb", "-readonly", "-csv", home / "warehouse.duckdb", "-c", query],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, query + done.stderr
        assert len(done.stdout.splitlines()) >= 1, query


@pytest.mark.slow
def test_the_same_files_elsewhere_in_another_order_give_the_same_one_ids(world, home, tmp_path):
    landing = tmp_path / "elsewhere" / "deeper"
    files = [f for f in (world / "landing").rglob("*") if f.is_file()]
    random.Random(1).shuffle(files)
    for file in files:  # copy2 keeps the times, which matter where a file's name does not tell its moment
        target = landing / file.relative_to(world / "landing")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, target)
    other = tmp_path / "home"
    guiyi("run", "--home", other, "--landing", landing, "--as-of", AS_OF)
    assert record_map(other).equals(record_map(home))


def test_a_day_of_new_files_keeps_the_one_id_of_everybody_it_does_not_touch(world, home, tmp_path):
    own = tmp_path / "home"
    shutil.copytree(home, own, symlinks=True)
    landing = tmp_path / "landing"
    shutil.copytree(world / "landing", landing)
    for day in sorted((world / "daily").iterdir()):
        shutil.copytree(day, landing, dirs_exist_ok=True)
    before = record_map(own)
    guiyi("run", "--home", own, "--landing", landing, "--as-of", "2026-11-02")
    after = record_map(own)
    assert len(after) > len(before)
    newer = after.join(before, on=["record_id", "role"], how="anti")
    touched = set(newer["one_id"]) | set(
        duckdb.connect(str(own / "warehouse.duckdb"), read_only=True)
        .sql("select merged_into from identity.one_id where merged_into is not null")
        .pl()["merged_into"]
    )
    kept = before.join(after, on=["record_id", "role"], suffix="_after")
    untouched = kept.filter(~pl.col("one_id_after").is_in(sorted(touched)))
    assert len(untouched) > 0.8 * len(before)
    assert (untouched["one_id"] == untouched["one_id_after"]).all()
    assert (kept["one_id"] != kept["one_id_after"]).mean() < 0.005


def test_a_list_opens_in_a_spreadsheet_with_its_chinese_intact(home):
    guiyi("segment", "export", "store_followers_never_bought", "--home", home, "--encoding", "gb18030")
    paths = sorted((home / "exports" / "store_followers_never_bought").rglob("*.csv"))
    assert paths
    manifest = json.loads((paths[0].parent / "manifest.json").read_text("utf-8"))
    rows = list(csv.reader(paths[0].read_text(manifest["encoding"]).splitlines()))
    assert len(rows) == manifest["rows"] + 1
    assert rows[0][0] == "客户编号"


def test_what_cannot_be_done_is_said_in_one_sentence(home, tmp_path):
    done = subprocess.run(
        [BIN / "guiyi", "segment", "export", "no_such_audience", "--home", home],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) <= 3 and "Traceback" not in done.stderr
