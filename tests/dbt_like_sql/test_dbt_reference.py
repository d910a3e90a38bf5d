"""The brand's own lists: the newest telling counts, and what sources call a store or an employee is found in them."""

from datetime import date

from dbt_world import World, at

from dbt_like_sql.project import load_project

PROJECT = load_project()
day = date.fromisoformat


def test_sources_find_employees_and_stores_by_code_account_name_and_hash(tmp_path):
    world = World()
    names = {"staff_code": "E07", "name_key": "h:zhou", "wecom_userid": "guide07"}
    world.add("touchpoints", "staff", record_id="s1", version_at=at("2026-01-01"), **names)
    world.add("touchpoints", "store", record_id="r1", version_at=at("2026-01-01"), store_code="S07", name="一店")
    for number, who in enumerate(("E07", "h:zhou", "guide07", "h:unknown")):
        event = {"event_id": f"e{number}", "record_id": "x", "type": "add_friend", "at": at("2026-02-01")}
        world.add("touchpoints", "event", **event, staff_code=who, store_id="一店" if number else "S09")
    runner = world.build(PROJECT, tmp_path, only="events")
    found = runner.con.sql("select staff_code, store_code from core.events order by event_id").fetchall()
    assert found == [("E07", "S09"), ("E07", "S07"), ("E07", "S07"), ("h:unknown", "S07")]


def test_of_two_employees_with_one_name_neither_is_found_by_it(tmp_path):
    world = World()
    for code in ("E07", "E08"):
        world.add(
            "touchpoints", "staff", record_id=code, version_at=at("2026-01-01"), staff_code=code, name_key="h:zhou"
        )
    world.add(
        "touchpoints", "event", event_id="e", record_id="x", type="visit", at=at("2026-02-01"), staff_code="h:zhou"
    )
    runner = world.build(PROJECT, tmp_path, only="events")
    assert runner.con.sql("select staff_code from core.events").fetchall() == [("h:zhou",)]


def test_a_price_without_a_last_day_ends_when_the_next_begins(tmp_path):
    world = World()
    for record, first, price in (("p1", "2025-01-01", 100.0), ("p2", "2026-01-01", 90.0)):
        row = {"product_code": "A", "price_kind": "标准价", "valid_from": day(first), "price": price}
        world.add("touchpoints", "product_price", record_id=record, version_at=at("2026-01-02"), **row)
    runner = world.build(PROJECT, tmp_path, only="product_price")
    found = runner.con.sql("select price, valid_from_date, valid_to_date from core.product_price order by 2").fetchall()
    assert found == [(100.0, day("2025-01-01"), day("2025-12-31")), (90.0, day("2026-01-01"), None)]


def test_the_newest_list_that_names_a_product_counts(tmp_path):
    world = World()
    for record, told, price in (("old", "2026-01-01", 100.0), ("new", "2026-02-01", 120.0)):
        row = {"product_code": "A", "list_price": price, "life_months": 96.0}
        world.add("touchpoints", "product", record_id=record, version_at=at(told), **row)
    runner = world.build(PROJECT, tmp_path, only="product")
    assert runner.con.sql("select product_code, list_price from core.product").fetchall() == [("A", 120.0)]
