import datetime as dt
import os
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from segments_world import AS_OF, World, audience, warehouse

from common.errors import DefinitionError
from dbt_like_sql.dictionary import published_tables
from dbt_like_sql.project import load_project
from segments.rules.comparisons import Calendar, literal
from segments.rules.compile import compile_audience, to_sql
from segments.rules.dictionary import read_dictionary
from segments.rules.library import find_audience, load_audiences

SNAPSHOTS = Path(__file__).parent / "snapshots"
CALENDAR = Calendar(AS_OF, ZoneInfo("Asia/Shanghai"))


def compiled(one, con, **parameters):
    return compile_audience(one, read_dictionary(con), calendar=CALENDAR, parameters=parameters, find=find_audience)


def found(tmp_path, world, where, **more):
    con = warehouse(world=world)
    one = compiled(audience(tmp_path, where, channel=None, **more), con)
    return [row[0] for row in con.sql(one.sql).fetchall()]


@pytest.mark.parametrize("name", list(load_audiences()))
def test_the_sql_of_an_audience_is_as_reviewed(name):
    con = warehouse()
    sql = compiled(load_audiences()[name], con).sql
    con.sql(sql).fetchall()
    snapshot = SNAPSHOTS / f"{name}.sql"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        snapshot.write_text(sql, encoding="utf-8")
    assert sql == snapshot.read_text(encoding="utf-8")


@pytest.fixture
def world():
    world = World()
    world.person("P1", city="上海", n_orders=3, last_order_date=AS_OF - dt.timedelta(days=10), tags=["vip"])
    world.person("P2", city="北京", n_orders=0, is_member=True)
    world.person("P3", n_orders=1, last_order_date=AS_OF - dt.timedelta(days=400), net_amount_cny=99.5)
    return world


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("{column: city, eq: 上海}", ["P1"]),
        ("{column: city, ne: 上海}", ["P2", "P3"]),
        ("{not: {column: city, eq: 上海}}", ["P2", "P3"]),
        ("{not: {not: {column: city, eq: 上海}}}", ["P1"]),
        ("{column: city, in: [上海, 北京]}", ["P1", "P2"]),
        ("{column: city, contains: 京}", ["P2"]),
        ("{column: city, is_null: true}", ["P3"]),
        ("{column: city, is_null: false}", ["P1", "P2"]),
        ("{column: n_orders, gte: 1, lt: 3}", ["P3"]),
        ("{column: n_orders, between: [0, 1]}", ["P2", "P3"]),
        ("{column: net_amount_cny, gt: -1.5}", ["P3"]),
        ("{column: is_member, eq: true}", ["P2"]),
        ("{not: {column: is_member, eq: true}}", ["P1", "P3"]),
        ("{column: tags, contains: vip}", ["P1"]),
        ("{column: last_order_date, days_ago: {lte: 10}}", ["P1"]),
        ("{column: last_order_date, days_ago: {gt: 10}}", ["P3"]),
        ("{column: last_order_date, days_ago: {between: [10, 400]}}", ["P1", "P3"]),
        ("{column: last_order_date, gte: 2026-11-11}", ["P1"]),
        ("{any: [{column: city, eq: 上海}, {column: n_orders, eq: 1}]}", ["P1", "P3"]),
        ("{all: [{any: [{column: city, eq: 上海}, {column: n_orders, eq: 1}]}, {column: n_orders, eq: 3}]}", ["P1"]),
        ("{not: {any: [{column: city, eq: 上海}, {column: n_orders, eq: 1}]}}", ["P2"]),
    ],
)
def test_a_condition_finds_its_people(tmp_path, world, where, expected):
    assert found(tmp_path, world, where) == expected


def test_days_of_a_moment_are_days_of_the_business_zone(tmp_path):
    world = World()
    world.person("P1", member_since_at=dt.datetime(2026, 11, 20, 15, 59))  # 20 November, 23:59 in Shanghai
    world.person("P2", member_since_at=dt.datetime(2026, 11, 20, 16, 0))  # 21 November, 00:00 in Shanghai
    assert found(tmp_path, world, "{column: member_since_at, days_ago: {eq: 0}}") == ["P2"]
    assert found(tmp_path, world, "{column: member_since_at, days_ago: {gte: 1}}") == ["P1"]
    assert found(tmp_path, world, "{column: member_since_at, days_ago: {lt: 1}}") == ["P2"]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        ("{gte: 1}", ["P1", "P2"]),
        ("{gte: 2}", ["P1"]),
        ("{eq: 0}", ["P3"]),
        ("{lte: 1}", ["P2", "P3"]),
        ("{between: [0, 1]}", ["P2", "P3"]),
        ("{between: [1, 2]}", ["P1", "P2"]),
    ],
)
def test_counts_of_events_know_of_none(tmp_path, world, count, expected):
    for number, one_id in enumerate(["P1", "P1", "P2"]):
        date = AS_OF - dt.timedelta(days=number)
        world.add("core.events", event_id=str(number), one_id=one_id, type="scan", channel="store", event_date=date)
    late = AS_OF + dt.timedelta(days=1)
    world.add("core.events", event_id="late", one_id="P3", type="scan", channel="store", event_date=late)
    assert found(tmp_path, world, f"{{events: {{type: scan, channel: [store], count: {count}}}}}") == expected


def test_orders_in_a_window_count_valid_ones_of_the_category(tmp_path, world):
    day = AS_OF - dt.timedelta(days=100)
    for number, (one_id, valid, category) in enumerate(
        [("P1", True, "滤芯"), ("P1", True, "滤芯"), ("P2", False, "滤芯"), ("P3", True, "花洒")]
    ):
        row = {"order_key": f"pos/{one_id}", "one_id": one_id, "is_valid": valid, "ordered_date": day}
        world.add("core.order_lines", category=category, **row)
        if number != 1:
            world.add("core.orders", **row)
    assert found(tmp_path, world, "{orders: {category: 滤芯, days_ago: {between: [90, 120]}}}") == ["P1"]
    assert found(tmp_path, world, "{orders: {category: 滤芯, count: {gte: 2}}}") == []
    assert found(tmp_path, world, "{orders: {days_ago: {lt: 90}}}") == []
    assert found(tmp_path, world, "{not: {orders: {days_ago: {gte: 90}}}}") == ["P2"]


def test_tags_are_had_valued_and_dated(tmp_path, world):
    world.add("customer.tag", one_id="P1", tag="price_band", value="12.5", since=AS_OF - dt.timedelta(days=3))
    world.add("customer.tag", one_id="P2", tag="price_band", value="high", since=AS_OF)
    assert found(tmp_path, world, "{tag: price_band}") == ["P1", "P2"]
    assert found(tmp_path, world, "{not: {tag: price_band}}") == ["P3"]
    assert found(tmp_path, world, "{tag: price_band, value: {eq: high}}") == ["P2"]
    assert found(tmp_path, world, "{tag: price_band, value: {gte: 10}}") == ["P1"]
    assert found(tmp_path, world, "{tag: price_band, since_days_ago: {gte: 1}}") == ["P1"]


def test_durables_are_found_by_age_and_by_place_in_their_life(tmp_path, world):
    bought = dt.date(2020, 1, 1)
    world.add("customer.durable", one_id="P2", category="hob", status="window", last_purchase_date=bought)
    assert found(tmp_path, world, "{durable: {category: [hob], bought_days_ago: {gte: 1825}}}") == ["P2"]
    assert found(tmp_path, world, "{durable: {bought_days_ago: {gte: 2920}}}") == []
    assert found(tmp_path, world, "{durable: {status: [window, overdue]}}") == ["P2"]
    assert found(tmp_path, world, "{durable: {status: [not_due]}}") == []


def test_rows_come_in_the_asked_order_and_no_more_than_the_limit(tmp_path, world):
    order = "[{column: n_orders, direction: desc}]"
    assert found(tmp_path, world, "{column: n_orders, gte: 0}", order_by=order, limit="2") == ["P1", "P3"]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (
            "{column: citi, eq: 上海}",
            r"yml:6: where.column: .*has no column citi. Did you mean city",
        ),
        ("{column: city, eq: 3}", r"where.eq: customer.customer_360.city: the column holds text values, 3 is none"),
        ("{column: n_orders, eq: drei}", "holds number values"),
        ("{column: n_orders, eq: true}", "holds number values"),
        ("{column: is_member, eq: 1}", "holds boolean values"),
        ("{column: city, gt: a}", "makes no sense for a text column"),
        ("{column: last_order_date, eq: '2026-01-01'}", "Write a date like 2026-01-31"),
        ("{column: member_since_at, eq: 2026-01-01}", "Ask with days_ago"),
        ("{column: city, days_ago: {lte: 3}}", "days_ago needs a date"),
        ("{column: tags, eq: vip}", "Ask with contains"),
        ("{column: devices, contains: vip}", "Only is_null fits it"),
        ("{column: n_orders, contains: 1}", "contains is not for a number column"),
    ],
)
def test_a_rule_that_does_not_fit_the_warehouse_is_refused_with_its_place(tmp_path, where, message):
    with pytest.raises(DefinitionError, match=message):
        compiled(audience(tmp_path, where), warehouse())


def test_columns_and_order_must_exist_too(tmp_path):
    con = warehouse()
    with pytest.raises(DefinitionError, match=r"columns\[0\].column"):
        compiled(audience(tmp_path, "{column: city, eq: 上海}", columns="[{column: nope}]"), con)
    with pytest.raises(DefinitionError, match=r"order_by\[0\].column"):
        compiled(audience(tmp_path, "{column: city, eq: 上海}", order_by="[{column: nope}]"), con)


def test_a_warehouse_without_consent_gives_no_list(tmp_path):
    con = warehouse()
    con.execute("DROP TABLE customer.consent_state")
    with pytest.raises(DefinitionError, match=r"no table customer\.consent_state"):
        compiled(audience(tmp_path, "{column: city, eq: 上海}"), con)


@settings(max_examples=150, deadline=None)
@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_no_text_of_an_audience_becomes_sql(text):
    assert duckdb.sql(f"SELECT {to_sql(literal(text))}").fetchall() == [(text,)]


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE customer.customer_360; --", "a' OR 'a' = 'a", "\\' OR 1=1 --", "$$1 {x}"]
)
def test_an_attempted_injection_is_just_a_city_nobody_lives_in(tmp_path, world, text):
    quoted = text.replace("'", "''")
    assert found(tmp_path, world, f"{{column: city, eq: '{quoted}'}}") == []
    assert found(tmp_path, world, f"{{column: city, in: ['{quoted}', 上海]}}") == ["P1"]


def test_the_test_warehouse_has_no_column_that_is_not_published():
    published = {t.name: {column.name for column in t.columns} for t in published_tables(load_project())}
    for table, columns in read_dictionary(warehouse()).tables.items():
        assert set(columns) <= published[table], table
