"""Devices, business accounts and balances: what the tellings of many records come to."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from dbt_world import World, at

from dbt_like_sql.project import load_project

PROJECT = load_project()


@pytest.fixture
def world() -> World:
    made = World()
    made.person("p1")
    made.person("p2")
    return made


def built(world: World, folder: Path, name: str) -> list[dict[str, Any]]:
    runner = world.build(PROJECT, folder, only=name)
    relation = runner.con.sql(f"select * from {PROJECT.model(name).relation}")
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def device(world: World, record: str, one_id: str, told_by: str, moment: str, **more: Any) -> None:
    world.record(record, "after_sales", "ticket", moment, contact=one_id)
    row = {"device_id": "d1", "record_id": record, "role": "contact", "serial_no": "SN1", "told_by": told_by}
    world.add("touchpoints", "device", **row, told_at=at(moment), **more)


def test_a_device_comes_from_orders_scans_and_work_orders_together(world: World, tmp_path: Path) -> None:
    device(world, "r1", "p1", "order", "2026-01-01", bought_at=at("2026-01-01"), order_key="pos/1", model="A1")
    device(
        world, "r2", "p1", "work_order", "2026-01-05", installed_at=at("2026-01-05"), warranty_until=date(2028, 1, 1)
    )
    device(world, "r3", "p1", "work_order", "2026-03-05", repaired_at=at("2026-03-05"))
    device(world, "r4", "p2", "scan", "2026-05-01")
    device(world, "r5", "p1", "scan", "2026-07-01")  # after the as-of day
    (found,) = built(world, tmp_path, "device")
    assert (found["one_id"], found["n_people"], found["n_repairs"]) == ("p2", 2, 1)
    assert (found["bought_at"], found["installed_at"]) == (at("2026-01-01"), at("2026-01-05"))
    assert (found["order_key"], found["model"], found["warranty_until_date"]) == ("pos/1", "A1", date(2028, 1, 1))
    assert found["is_told_by_order"] and found["is_told_by_scan"] and found["is_told_by_work_order"]


def business(world: World, key: str, business_id: str, key_type: str, name_key: str | None = None) -> None:
    row = {"business_id": business_id, "record_id": f"r-{key}", "role": "buyer", "kind": "company", "name": "试验公司"}
    told = {"key_type": key_type, "name_key": name_key, "order_key": key, "told_at": at("2026-02-01")}
    world.add("touchpoints", "business_account", **row, **told)


def test_a_company_named_on_one_order_and_numbered_on_another_is_one_account(world: World, tmp_path: Path) -> None:
    world.order("jd/1", "p1", "2026-02-01", 100.0, source="jd")
    world.order("jd/2", "p2", "2026-02-01", 50.0, source="jd")
    business(world, "jd/1", "b-tax", "tax_no", "n1")
    business(world, "jd/2", "b-name", "name", "n1")
    (found,) = built(world, tmp_path, "business_account")
    assert (found["business_id"], found["size"], found["n_orders"], found["n_people"]) == ("b-tax", "big_b", 2, 2)
    assert found["net_amount_cny"] == pytest.approx(150.0)
    people = built(world, tmp_path, "business_person")
    assert {row["one_id"] for row in people} == {"p1", "p2"}


def balance(world: World, amount: float, moment: str, *, record: str = "card", one_id: str = "p1", **more: Any) -> None:
    if not any(row["record_id"] == record for row in world.rows["touchpoints"]["record"]):
        world.record(record, "pos", "customer", moment, member=one_id)
    row = {"balance_id": f"{record}{moment}", "record_id": record, "role": "member", "source": "pos", "account": "a"}
    told = {"kind": "stored_value", "unit": "CNY", "amount": amount, "at": at(moment), "ledger_sources": "pos"}
    world.add("touchpoints", "balance", **(row | told | {"is_from_zero": False} | more))


def entry(world: World, amount: float, moment: str, one_id: str = "p1") -> None:
    record = f"t-{one_id}-{moment}"
    world.record(record, "pos", "order", moment, member=one_id)
    row = {"entry_id": record, "record_id": record, "kind": "stored_value", "amount": amount, "unit": "CNY"}
    world.add("touchpoints", "ledger", **row, at=at(moment), at_precision="second", role="member")


def test_a_balance_that_disagrees_with_the_ledger_is_told_with_the_difference(world: World, tmp_path: Path) -> None:
    entry(world, 100.0, "2026-01-01")
    balance(world, 100.0, "2026-02-01")
    entry(world, -30.0, "2026-02-10")
    balance(world, 60.0, "2026-03-01")
    entry(world, 500.0, "2026-03-02")
    (found,) = built(world, tmp_path, "balance_alert")
    assert (found["told_change"], found["ledger_change"], found["difference"]) == (-40.0, -30.0, -10.0)
    assert (found["from_at"], found["to_at"]) == (at("2026-02-01"), at("2026-03-01"))


def test_a_balance_that_agrees_raises_no_alert(world: World, tmp_path: Path) -> None:
    entry(world, 100.0, "2026-01-01")
    balance(world, 100.0, "2026-02-01")
    entry(world, -40.0, "2026-02-10")
    balance(world, 60.0, "2026-03-01")
    assert built(world, tmp_path, "balance_alert") == []


def test_a_ledger_from_nothing_checks_the_first_balance_too(world: World, tmp_path: Path) -> None:
    entry(world, 100.0, "2026-01-01")
    balance(world, 90.0, "2026-02-01", is_from_zero=True)
    (found,) = built(world, tmp_path, "balance_alert")
    assert found["difference"] == -10.0
    assert found["from_at"] is None


def test_what_no_ledger_tells_of_raises_no_alert(world: World, tmp_path: Path) -> None:
    balance(world, 100.0, "2026-02-01")
    balance(world, 60.0, "2026-03-01")
    entry(world, -5.0, "2026-03-15")  # the ledger begins after both
    balance(world, 10.0, "2026-02-01", record="c2", one_id="p2")
    balance(world, 20.0, "2026-02-01", record="c3", one_id="p2")  # two cards, one ledger
    assert built(world, tmp_path, "balance_alert") == []


def test_the_newest_balance_is_the_current_one(world: World, tmp_path: Path) -> None:
    balance(world, 100.0, "2026-02-01")
    balance(world, 60.0, "2026-03-01")
    found = {row["amount"]: row["is_current"] for row in built(world, tmp_path, "balance")}
    assert found == {100.0: False, 60.0: True}
