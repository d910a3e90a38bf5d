import duckdb
import polars as pl

from identity.scoring.estimate import expected_settings
from identity.scoring.retail import RETAIL
from identity.scoring.score import compare_pairs

PAIRS = [
    (("王伟", "王", "wang wei"), ("王伟", "王", "wang wei"), "same name"),
    (("王伟", "王", "wang wei"), ("王芳", "王", "wang fang"), "names differ"),
    (("王小伟", "王", "wang xiao wei"), ("王小芳", "王", "wang xiao fang"), "one character or the order differs"),
    (("王小伟", "王", "wang xiao wei"), ("王大伟", "王", "wang da wei"), "one character or the order differs"),
    (("欧阳明", "欧阳", "ou yang ming"), ("欧阳月", "欧阳", "ou yang yue"), "names differ"),
    (("陈晓明", "陈", "chen xiao ming"), ("陈小明", "陈", "chen xiao ming"), "same sound"),
    (("张伟", "张", "zhang wei"), ("李伟", "李", "li wei"), "names differ"),
]


def test_the_trap_is_still_there_that_edit_distances_count_bytes():
    # Were this to change, hanzi could be compared by DuckDB's own distances.
    assert duckdb.sql("select levenshtein('王伟', '王芳')").fetchall() == [(3,)]


def test_retail_names_land_on_the_level_that_was_meant():
    rows = [
        {"unique_id": 2 * n + k, "name": name, "full_name": name, "quality": "full", "surname": surname,
         "name_pinyin": sound}
        for n, (*two, _) in enumerate(PAIRS) for k, (name, surname, sound) in enumerate(two)
    ]  # fmt: skip
    # The other columns are there and empty, as for people who told nothing but their names.
    kinds = {"birth_date": pl.Date}
    frame = pl.DataFrame(rows).with_columns(
        pl.lit(None, dtype=kinds.get(column, pl.List(pl.String) if column.endswith("s") else pl.String)).alias(column)
        for column in RETAIL.columns
        if column not in rows[0]
    )
    con = duckdb.connect()
    try:
        con.register("rows", frame.to_arrow())
        con.execute("create table candidate as select * from rows")
        con.execute(
            "create table pairs as select '0' as match_key, 2 * i as join_key_l, 2 * i + 1 as join_key_r"
            f" from range({len(PAIRS)}) t(i)"
        )
        made = compare_pairs(con, "candidate", "pairs", expected_settings(RETAIL), gammas=True)
        found = con.sql(f"select gamma_name from {made} order by unique_id_l").fetchall()
    finally:
        con.close()
    words = RETAIL.level_labels()["name"]
    assert [words[level] for (level,) in found] == [expected for *_, expected in PAIRS]
