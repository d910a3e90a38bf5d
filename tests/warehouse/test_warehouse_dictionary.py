import duckdb
import polars as pl

from dbt_like_sql.dictionary import ROW_SCHEMA, dictionary_rows
from dbt_like_sql.project import load_project
from warehouse.ops import build_dictionary


def test_every_column_is_listed_described_or_not_and_no_other():
    con = duckdb.connect()
    con.execute("create schema customer; create table customer.tag (one_id varchar, tag varchar, own integer)")
    rows = dictionary_rows(load_project())
    assert build_dictionary(con, rows) == 3 + len(ROW_SCHEMA) + 2
    found = con.sql(
        "select column_no, column_name, data_type, meaning_zh from ops.data_dictionary "
        "where table_name = 'tag' order by column_no"
    ).fetchall()
    assert found[0] == (1, "one_id", "varchar", "人的 OneID")
    assert found[2] == (3, "own", "integer", None)
    tables = {name for (name,) in con.sql("select distinct table_name from ops.data_dictionary").fetchall()}
    assert tables == {"tag", "data_dictionary"}


def test_the_values_and_bounds_that_the_yaml_states_are_rows_too():
    rows = dictionary_rows(load_project()).filter(table_name="customer_360")
    said = {row["column_name"]: row for row in rows.iter_rows(named=True)}
    assert said["ladder_step"]["accepted_values"] == ["traffic", "follower", "member", "buyer", "repeat", "referrer"]
    assert (said["r_score"]["least_value"], said["r_score"]["most_value"]) == (1, 5)
    assert (said["n_orders"]["least_value"], said["n_orders"]["most_value"]) == (0, None)
    assert said["city"]["personal"] == "region" and said["city"]["accepted_values"] is None
    assert rows.select(pl.col("meaning", "meaning_zh").str.len_chars().min()).row(0) > (0, 0)
