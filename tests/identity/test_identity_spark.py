"""One code path: what Spark is asked is translated from what DuckDB is asked, and the answers are the same."""

import random
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from common.errors import UsageError
from identity.registry import load_registry
from identity.rules.lifetimes import parties_in_time
from identity.scoring.candidates import candidates
from identity.scoring.engine import DuckEngine, engine_named
from identity.scoring.frozen import take
from identity.scoring.model import load_or_train
from identity.scoring.retail import RETAIL
from identity.scoring.spark import cluster_edges, to_spark, with_doubles


def no_java() -> str:
    """Why Spark cannot start here, or nothing."""
    java = shutil.which("java")
    if not java:
        return "Spark needs Java 17, and there is no java on the PATH"
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', told)
    return "" if version and int(version[1]) >= 17 else "Spark needs Java 17, and the java on the PATH is older"


@pytest.fixture
def rows(world):
    """Some 150 rows of 50 invented people: slips of the pen, masks, moves and families."""
    draw = random.Random(5)
    for person in range(50):
        surname, given = draw.choice("王李张刘欧陈"), "".join(draw.choices("伟芳娜敏静丽强磊军洋", k=2))
        phone = f"139{draw.randrange(10**8):08d}"
        born = date(1950 + draw.randrange(50), 1 + draw.randrange(12), 1 + draw.randrange(28))
        door = f"春江路{draw.randrange(1, 300)}号春江小区{draw.randrange(1, 20)}栋1单元{draw.randrange(101, 900)}室"
        for copy in range(3):
            name = surname + given if draw.random() < 0.8 else surname + given[0] + draw.choice("伟芳娜敏")
            masked = draw.random() < 0.5
            world.say(
                f"{person}-{copy}",
                [("phone_masked", phone[:3] + "****" + phone[7:], "masked")] if masked else [("phone", phone)],
                name=name, surname=surname, birth_date=born, city_code="330100",
                district_code=draw.choice(["330102", "330106"]), address=door,
            )  # fmt: skip
    parties = parties_in_time(world.write(), load_registry())
    found = candidates(parties, np.arange(len(parties.party)))
    # Frequencies of names are frozen figures in a column, here as there.
    return take(found).weighed(found)


@pytest.mark.parametrize(
    ("duckdb", "spark"),
    [
        ("list_has_any(phones_l, phones_r)", "arrays_overlap(phones_l, phones_r)"),
        ("jaro_winkler_similarity(a, b) >= 0.92", "duckdb_jaro_winkler(a, b) >= 0.92"),
        (r"regexp_matches(a, '^\p{Han}+$')", r"a RLIKE '^\\p{IsHan}+$'"),
    ],
)
def test_the_sql_of_a_scheme_is_translated_not_written_twice(duckdb, spark):
    assert to_spark(duckdb).lower() == spark.lower()


def test_numbers_are_doubles_on_spark_though_sqlglot_comes_compiled():
    # Splink's own dialect for this is refused by a compiled sqlglot.
    assert with_doubles("select cast(0.5 as double) as p, cast(a as double)") == "SELECT 0.5D AS p, CAST(a AS DOUBLE)"


def test_edges_between_any_ids_are_clustered_as_on_one_machine_and_guards_hold():
    edge = pl.DataFrame(
        {
            "a": [10**12, 7, 7], "b": [10**12 + 1, 10**12, 9], "w": [9.0, 9.0, 9.0],
            "held_a": [["id=x"], None, None], "held_b": [["id=y"], ["id=x"], None],
        }
    )  # fmt: skip
    found = cluster_edges(edge, 4.25)
    assert found.filter(pl.col("unique_id") == 10**12 + 1)["cluster_id"].to_list() == [10**12 + 1]


def test_another_engine_is_refused_with_the_two_that_there_are(tmp_path):
    with pytest.raises(UsageError, match=r"duckdb .* or spark"):
        engine_named("hadoop", tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(bool(no_java()), reason=no_java())
def test_spark_gives_the_same_pairs_weights_and_people(rows, tmp_path):
    model = replace(load_or_train(tmp_path / "models", lambda: (rows, rows), RETAIL), prior=1e-3)
    # Local mode on two cores; small tables need few partitions.
    few = {"spark.sql.shuffle.partitions": "2", "spark.default.parallelism": "2", "spark.ui.enabled": "false"}
    here, there = DuckEngine(), engine_named("spark", tmp_path / "spark", "local[2]", few)
    expected, found = (engine.score(rows, model, RETAIL) for engine in (here, there))

    key = ["cluster_a", "cluster_b"]
    assert found.pair.select(key).rows() == expected.pair.select(key).rows()
    assert len(expected.pair) > 100
    difference = (found.pair["match_weight"] - expected.pair["match_weight"]).abs().max()
    assert difference < 1e-5
    assert found.pair["evidence"].to_list() == expected.pair["evidence"].to_list()

    n, guards = len(rows), [{0: frozenset(["a"]), 1: frozenset(["b"])}]
    parts = [e.cluster(n, expected.pair, guards, merge_weight=4.25, apart=[(3, 4)]) for e in (here, there)]
    assert np.array_equal(parts[0].label, parts[1].label)
    assert len(set(parts[0].label)) < n
    assert parts[0].doubtful.sort(key).rows() == parts[1].doubtful.sort(key).rows()
