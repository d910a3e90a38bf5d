# ruff: noqa: E501  # a statement is read on one line
"""What a query that somebody writes may do: read published tables. Everything else is tried here."""

from pathlib import Path

import duckdb
import polars as pl
import pytest
from segments_world import World, audience, warehouse

from segments.api import RuleFault, open_published, preview
from segments.rules import raw_sql
from segments.rules.compile import compile_audience
from segments.rules.dictionary import read_dictionary
from segments.rules.raw_sql import UnsafeSql, safe_query, try_out

ALLOWED = [
    "select one_id from customer.tag",
    "SELECT one_id FROM core.orders o JOIN core.events e USING (one_id) WHERE o.is_valid GROUP BY 1 HAVING count(*) > 2",
    "with a as (select one_id from customer.tag), b as (select * from a) select one_id from b except select one_id from core.orders",
    "select one_id from (select one_id, row_number() over (partition by one_id order by event_date) as n from core.events) where n = 3",
    "select distinct on (one_id) one_id from customer.customer_360 where city like '上%' and n_orders between 1 and 3",
    "select one_id from customer.customer_360 where list_contains(tags, 'vip') or date_diff('day', last_order_date, as_of_date) > 3",
    "select one_id from customer.customer_360 as c where exists (select 1 from core.orders as o where o.one_id = c.one_id)",
    "from customer.tag select one_id where value is not null",
    "select coalesce(one_id, '') as one_id from customer.tag order by 1 limit 10",
    "select one_id from core.events where event_date >= date '2026-01-01' - interval 30 day and type in ('scan', 'visit')",
    "select one_id from customer.tag where case when value = 'x' then true else false end",
]  # fmt: skip
REFUSED = [
    "attach 'other.duckdb' as other", "detach other", "pragma database_list", "install httpfs", "load httpfs",
    "set enable_external_access = true", "reset all", "use core", "checkpoint", "vacuum", "begin", "call pragma_version()",
    "copy customer.tag to 'out.csv'", "copy (select 1) to '/tmp/out.parquet'", "export database 'folder'",
    "create table x as select 1", "create temp table x as select 1", "create macro f() as 1", "drop table customer.tag",
    "insert into customer.tag select * from customer.tag", "update customer.tag set value = 'x'",
    "delete from customer.tag", "alter table customer.tag rename to x", "truncate customer.tag",
    "explain select one_id from customer.tag", "describe customer.tag", "show tables", "prepare p as select 1",
    "execute p", "values ('P1')", "", "-- nothing", ";", "select",
    "select one_id from customer.tag; drop table customer.tag", "select one_id from customer.tag;;select 2",
    "with gone as (delete from customer.tag returning one_id) select one_id from gone",
    "with new as (insert into customer.tag values ('P1') returning one_id) select one_id from new",
    "with new as (update customer.tag set value = 'x' returning one_id) select one_id from new",
    "with recursive r as (select 'P1' as one_id union all select one_id from r) select one_id from r",
    "select one_id from read_csv('/etc/passwd')", "select one_id from read_csv_auto('/etc/passwd')",
    "select one_id from read_parquet('x.parquet')", "select one_id from parquet_scan('x.parquet')",
    "select one_id from read_json('x.json')", "select one_id from read_text('/etc/passwd')",
    "select content as one_id from read_blob('/etc/passwd')", "select file as one_id from glob('/etc/*')",
    "select one_id from sniff_csv('/etc/passwd')", "select one_id from '/etc/passwd'", 'select one_id from "x.csv"',
    "select one_id from 'x.parquet'", "select one_id from main.'x.csv'", "select one_id from \"x.csv\" as customer",
    "with \"x.csv\" as (select 1) select one_id from (select * from 'y.csv')",
    "select one_id from (with a as (select 'P1' as one_id) select one_id from a) join a using (one_id)",
    "select one_id from query('select 1')", "select one_id from query_table('customer.tag')",
    "select one_id from query_table(['customer.tag'])", "select getenv('HOME') as one_id",
    "select one_id from customer.tag where value = getenv('HOME')", "select current_setting('home_directory') as one_id",
    "select one_id from duckdb_settings()", "select one_id from duckdb_secrets()", "select one_id from pragma_version()",
    "select one_id from customer.tag where nextval('s') > 0", "select getvariable('x') as one_id",
    "select one_id from other.customer.tag", "select one_id from origin.core.orders", "select one_id from tag",
    "select one_id from identity.record_map", "select value as one_id from ops.source_file",
    "select one_id from information_schema.tables", "select one_id from pg_catalog.pg_tables",
    "select one_id from temp.list_vip", "select one_id from list_vip", "select one_id from customer.secret",
    "select one_id from sqlite_scan('x', 'y')", "select one_id from customer.tag using sample 10%",
    "select one_id from customer.tag tablesample 3 rows", "select one_id from customer.tag where random() < 0.5",
    "select uuid() as one_id", "select one_id from customer.customer_360 where last_order_date < current_date",
    "select one_id from customer.customer_360 where last_order_date < now()", "select one_id from customer.tag where value = ?",
    "select one_id from customer.tag where value = $x", "select one_id from (describe customer.tag)",
    "select one_id from (summarize customer.tag)", "select one_id from (show tables)", "pivot customer.tag on tag",
    "select one_id from (pivot customer.tag on tag using count(*))", "select error('x') as one_id",
    "select list_transform(tags, x -> getenv(x)) as one_id from customer.customer_360",
    "select one_id from stage_on(date '2026-01-01')", "select why('P1') as one_id", "select system.main.getenv('x') as one_id",
    "select one_id from customer.tag at (version => 1)", "select write_log('x') as one_id",
    "select one_id from range(3) as t(one_id), read_csv('x')", "select (select content from read_text('x')) as one_id",
    "select one_id from customer.tag where one_id in (from read_csv('x'))", "select one_id from frame",
    "select one_id from json_execute_serialized_sql('{}')", "select one_id from customer.tag order by (select getenv('x'))",
    "select one_id from customer.tag limit (select length(getenv('x')))", "select one_id, from_hex('00') from customer.tag",
 "import database 'x'", "/* select */ attach 'x'",
    "select one_id from customer.tag --\n; attach 'x'", "select * from (select 1; select 2)", "comment on table customer.tag is 'x'",
]  # fmt: skip


@pytest.fixture(scope="module")
def con():
    return warehouse()


@pytest.mark.parametrize("text", ALLOWED)
def test_a_query_over_published_tables_is_let_through_and_runs(con, text):
    query = safe_query(text, read_dictionary(con))
    try_out(con, query)


@pytest.mark.parametrize("text", REFUSED)
def test_what_does_more_than_read_published_tables_is_refused(con, text):
    frame = pl.DataFrame({"one_id": ["P1"]})  # a name that DuckDB would find here, were it asked
    with pytest.raises(UnsafeSql):
        safe_query(text, read_dictionary(con))
    assert frame.height == 1


def test_a_query_is_part_of_the_statement_and_is_shown(tmp_path):
    world = World()
    for number in range(1, 4):
        world.person(f"P{number}", n_orders=number)
        world.add("customer.tag", one_id=f"P{number}", tag="vip", value=str(number))
    with open_published(world.publish(tmp_path / "home")) as published:
        rule = "{not: {sql: \"select one_id from customer.tag where value = '2'\"}}"
        seen = preview(published, audience(tmp_path, rule, channel=None), people=0)
    assert seen.reach.matching == 2
    assert "written by hand" in seen.compiled.sql and seen.compiled.is_raw


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("select tag from customer.tag", "It must give a column one_id"),
        ("select 1 as one_id from customer.tag", "one_id is a INTEGER"),
        ("select one_id from customer.tag where colour = 'red'", "Referenced column"),
        ("select person.city as one_id from customer.tag", "Referenced table"),
        ("select one_id from read_csv('x')", "the function read_csv is not allowed"),
    ],
)
def test_a_query_that_does_not_fit_is_told_with_its_place(tmp_path, sql, message):
    world = World()
    world.add("customer.tag", one_id="P1", tag="vip", value="1")
    with (
        open_published(world.publish(tmp_path / "home")) as published,
        pytest.raises(RuleFault, match=message) as caught,
    ):
        preview(published, audience(tmp_path, f'{{all: [{{sql: "{sql}"}}]}}', channel=None), people=0)
    assert caught.value.location == ("where", "all", 0, "sql")


def test_a_query_that_never_ends_is_stopped(con):
    # A cross join of ten thousand million rows: no machine counts that in a quarter of a second.
    text = "select t.one_id from range(100000) as a(x), range(100000) as b(y), (select 'P1' as one_id) as t where x * y < -1"
    with pytest.raises(UnsafeSql, match=r"longer than 0\.25 s"):
        try_out(con, safe_query(text, read_dictionary(con)), seconds=0.25)
    assert con.execute("select 1").fetchall() == [(1,)]


def test_a_query_that_gives_too_many_rows_is_refused(con, monkeypatch):
    monkeypatch.setattr(raw_sql, "MAX_ROWS", 5)
    text = "select t.one_id from range(9) as a(x), (select 'P1' as one_id) as t"
    with pytest.raises(UnsafeSql, match="more than 5 rows"):
        try_out(con, safe_query(text, read_dictionary(con)))


def test_the_compiled_statement_is_bounded_too_and_fails_rather_than_cuts_off(tmp_path, monkeypatch):
    world = World()
    for number in range(1, 8):
        world.person(f"P{number}")
        world.add("customer.tag", one_id=f"P{number}", tag="vip", value="1")
    monkeypatch.setattr(raw_sql, "MAX_ROWS", 5)
    with open_published(world.publish(tmp_path / "home")) as published:
        rule = "{not: {sql: select one_id from customer.tag}}"
        one = audience(tmp_path, rule, channel=None)
        compiled = compile_audience(one, published.dictionary, calendar=published.calendar)
        with pytest.raises(duckdb.Error, match="more than 5 rows"):
            published.con.execute(compiled.sql).fetchall()


def test_every_way_to_a_statement_tries_its_queries_out_first():
    # `compile_audience` alone does not run them; whoever is to run the statement compiles with `compile_for`.
    root = Path(raw_sql.__file__).parents[2]
    rooms = ("segments", "console", "pipelines", "assets")
    users = [path for room in rooms for path in (root / room).rglob("*.py") if "compile_audience" in path.read_text()]
    assert users == [root / "segments" / "rules" / "compile.py"]


def test_an_error_that_may_quote_a_value_is_told_by_its_kind_alone(con):
    con.execute("insert into customer.tag values ('13800000001', 'vip', '13800000001', null)")
    query = safe_query("select one_id from customer.tag where cast(value as tinyint) > 3", read_dictionary(con))
    with pytest.raises(UnsafeSql) as caught:
        try_out(con, query)
    assert "13800000001" not in str(caught.value)
    assert isinstance(caught.value.__cause__, duckdb.Error)
