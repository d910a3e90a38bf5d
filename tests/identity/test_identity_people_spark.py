"""Any table of people on Spark: the same SQL, the same settings, the same people as on this machine."""

import sys
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from common.errors import DefinitionError, UsageError
from identity import ColumnMap, read_map, resolve_table, write_map
from identity.people.features import LISTS
from identity.people.on_spark import cluster_people
from identity.people.scheme import people_scheme
from identity.scoring.spark_sql import jaro_winkler, to_spark
from tests.identity.test_identity_spark import no_java

FEW = {"master": "local[2]", "spark.sql.shuffle.partitions": "2", "spark.default.parallelism": "2"}
COLUMNS = {"id": "record_id", "name": "full_name", "born": "birth_date", "mail": "email", "card": "account",
           "number": "national_id", "town": "city"}  # fmt: skip


def people(names, n=60):
    """Invented people told three times: whole, with a slip, in part; some by a card, some with two numbers."""
    rows = []
    for k in range(n):
        name, town = names[k % len(names)], ["york", "leeds", "yorke", "hull"][k % 4]
        born, mail = f"19{40 + k % 50}-0{1 + k % 9}-{10 + k % 19}", f"{chr(97 + k % 26)}{k // 3}@example.com"
        card = f"c{k}" if k % 7 == 0 else None
        rows += [
            (name, born, mail, card, f"n{k}0{k}", town),
            (name[:-1] or name, born, None, card, None, town),
            (name, None, mail.replace("example", "other"), None, f"n{k}0{k}" if k % 5 else f"n{k}9{k}", None),
        ]
    frame = pl.DataFrame(rows, schema=["name", "born", "mail", "card", "number", "town"], orient="row")
    return frame.with_row_index("id").cast(pl.String)


WESTERN = [f"{a} {b}son" for a in ("ann", "bill", "carla", "dora", "emil") for b in ("peter", "hend", "jack", "rob")]
CHINESE = [f"{a}{b}{c}" for a in "王李张欧" for b in "小晓明" for c in "伟芳娜"]


@pytest.mark.slow
@pytest.mark.skipif(bool(no_java()), reason=no_java())
@pytest.mark.parametrize("names", [WESTERN, CHINESE])
def test_spark_finds_the_very_pairs_weights_and_people_that_this_machine_finds(names, tmp_path):
    frame = people(names)
    paths = [tmp_path / f"{n}.parquet" for n in range(3)]
    for n, path in enumerate(paths):
        frame[n::3].write_parquet(path)
    # One of each number, and, of the Chinese, nobody in a file twice.
    given = ColumnMap(COLUMNS, one_of=("national_id",), one_per_file=names is CHINESE)
    here = resolve_table(paths, given, with_edges=True)
    there = resolve_table(paths, replace(given, engine="spark", spark=FEW), with_edges=True)
    assert there.pairs_by_rule == here.pairs_by_rule and sum(here.pairs_by_rule.values()) > 200
    assert there.settings == here.settings
    assert there.people.equals(here.people)
    assert here.people["person_id"].n_unique() < 0.8 * len(frame)
    assert there.edges.equals(here.edges) and len(here.edges) > 20


@pytest.mark.parametrize(
    ("duckdb", "spark"),
    [
        ("birth_l[5:] = '0101' and birth_l[:3]", "substring(birth_l, 5) = '0101' and substring(birth_l, 1, 3)"),
        ("name_l[-1] in (name_r[1], name_r[2:3])", "substring(name_l, -1, 1) in (substring(name_r, 1, 1), "
         "substring(name_r, 2, (3 - (2 - 1))))"),
        ("phones_l[1][-2:]", "substring(try_element_at(phones_l, 1), -2)"),
        ("address_bare[:3]", "slice(address_bare, 1, 3)"),
        ("list_transform(name_bare, lambda a, i: name_bare[i + 1:])",
         "transform(name_bare, (a, i) -> slice(name_bare, (i + 1) + 1, greatest(size(name_bare), 1)))"),
        ("len(list_intersect(name_words_l, name_words_r)) + length(name_l)",
         "size(array_intersect(name_words_l, name_words_r)) + length(name_l)"),
        ("damerau_levenshtein(a, b)",
         "damerau_levenshtein(decode(encode(a, 'utf-8'), 'iso-8859-1'), decode(encode(b, 'utf-8'), 'iso-8859-1'))"),
        ("jaro_winkler_similarity(a, b)", "duckdb_jaro_winkler(a, b)"),
    ],
)  # fmt: skip
def test_brackets_lists_and_distances_are_translated_by_what_the_columns_are(duckdb, spark):
    assert to_spark(duckdb, LISTS).lower() == spark


def test_no_function_that_only_duckdb_has_is_left_in_what_spark_is_asked():
    columns = ["unique_id", "name", "name_words", "name_bare", "name_stems", "birth", "national_id", "phones", "emails",
               "email_names", "postcode", "postcode_area", "postcode_region", "city", "address_words", "address_bare",
               "birth_place", "job", "gender", "surname", "sound", "letters", "name_bits"]  # fmt: skip
    for han in (True, False):
        scheme = people_scheme(columns, 1000, han=han)
        asked = [level["sql_condition"] for one in scheme.comparisons for level in one["comparison_levels"]]
        asked += [sql for rule in scheme.blocking for sql in (rule.key, rule.explode) if sql]
        told = " ".join(to_spark(sql, LISTS) for sql in asked if sql != "ELSE").lower()
        assert not [name for name in ("list_", "hamming", "similarity", "[", "lambda") if name in told]


def test_on_spark_names_are_as_alike_as_duckdb_says(tmp_path):
    import pyarrow as pa

    found = jaro_winkler(pa.array(["martha", "王小伟", None]), pa.array(["marhta", "王小芳", "x"])).to_pylist()
    assert found == [pytest.approx(0.9611, abs=1e-4), pytest.approx(0.8667, abs=1e-4), None]


def test_workers_keep_apart_what_the_table_says_is_never_one_person():
    edge = pl.DataFrame({
        "a": [5, 5, 70], "b": [70, 900, 900], "w": [9.0, 9.0, 9.0],
        "held_a": [["0=x", "file=1"], ["0=x", "file=1"], None], "held_b": [None, ["file=1"], ["file=1"]],
    })  # fmt: skip
    found = cluster_people(edge, 0.0, guarded=True)
    assert found.rows() == [(5, 5), (70, 5), (900, 900)]
    assert np.array_equal(cluster_people(edge, 0.0, guarded=False)["cluster_id"], [5, 5, 5])


def test_without_pyspark_one_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(UsageError, match=r"install guiyi\[spark\], or set engine: duckdb"):
        resolve_table(people(WESTERN, 2), engine="spark")


@pytest.mark.parametrize(
    ("engine", "spark", "complaint"),
    [
        ("hadoop", {}, "use duckdb"),
        ("spark", {"folder": "/not/there"}, "There is no folder /not/there"),
        ("spark", {"master": "yarn"}, "all of Spark's workers see"),
    ],
)
def test_a_wrong_engine_is_refused_before_anything_is_read(engine, spark, complaint):
    with pytest.raises(UsageError, match=complaint):
        resolve_table("absent.csv", engine=engine, spark=spark)


def test_the_map_says_the_engine_and_keeps_it(tmp_path):
    path = tmp_path / "map.yml"
    given = ColumnMap({"a": "full_name"}, engine="spark", spark={"master": "yarn", "spark.executor.memory": "8g"})
    write_map(given, path)
    assert read_map(path) == given
    path.write_text("columns: {a: full_name}\nengine: hadoop\n", "utf-8")
    with pytest.raises(DefinitionError, match="engine: duckdb"):
        read_map(path)
