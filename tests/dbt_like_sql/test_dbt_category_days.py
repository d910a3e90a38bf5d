"""What counts as a purchase of a category, and so as owned: no gifts, nothing refunded or given back."""

from typing import Any

import pytest
from dbt_world import World, rows

from dbt_like_sql.project import load_project

PROJECT = load_project()
HOB, OVEN = "燃气灶", "蒸烤箱"
RETURN = {"is_return": True}


class Sales:
    """Orders of one person with their lines: (title, amount) or (title, amount, more columns)."""

    def __init__(self, tmp_path) -> None:
        self.world, self.folder = World(), tmp_path
        self.world.person("P1")
        for priority, (category, title) in enumerate({"hob": HOB, "oven": OVEN}.items(), 1):
            self.world.add(
                "profiles", "category_pattern", category=category, pattern=title, priority=priority, is_durable=True
            )

    def order(self, moment: str, *lines: tuple, **more: Any) -> None:
        key = f"o{len(self.world.rows['touchpoints']['orders'])}"
        paid = more.pop("paid", sum(amount or 0.0 for _, amount, *_ in lines))
        self.world.order(key, "P1", moment, paid, **more)
        for number, (title, amount, *extra) in enumerate(lines, 1):
            line = {"qty": -1.0 if (amount or 0) < 0 else 1.0, "is_gift": False} | (extra[0] if extra else {})
            self.world.add(
                "touchpoints", "order_lines", order_key=key, record_id=f"r-{key}", line_no=str(number), title=title,
                line_amount=amount, **line,
            )  # fmt: skip

    def owned(self) -> list[tuple]:
        runner = self.world.build(PROJECT, self.folder, "category_purchase_day")
        query = "select category, purchase_date, qty, net_amount_cny from customer.category_purchase_day order by all"
        return [(category, str(day), qty, net) for category, day, qty, net in rows(runner, query)]


@pytest.fixture
def sales(tmp_path):
    return Sales(tmp_path)


def test_lines_of_a_category_on_one_day_are_one_row(sales):
    sales.order("2026-01-01 02:00", (HOB, 900.0), (OVEN, 3000.0))
    sales.order("2026-01-01 05:00", (HOB, 800.0))
    assert sales.owned() == [("hob", "2026-01-01", 2.0, 1700.0), ("oven", "2026-01-01", 1.0, 3000.0)]


def test_a_gift_is_not_bought(sales):
    sales.order("2026-01-01", (OVEN, 3000.0), (HOB, 0.0, {"is_gift": True}))
    assert [category for category, *_ in sales.owned()] == ["oven"]


def test_a_refunded_line_is_not_bought(sales):
    sales.order("2026-01-01", (OVEN, 3000.0), (HOB, 900.0, {"refunded_amount": 900.0}), refunded_amount=900.0)
    assert [category for category, *_ in sales.owned()] == ["oven"]


@pytest.mark.parametrize("refunded", [{"refunded_amount": 900.0}, {"after_sale_status": "refunded_full"}])
def test_a_refunded_order_is_not_bought(sales, refunded):
    sales.order("2026-01-01", (HOB, 900.0), **refunded)
    assert sales.owned() == []


def test_what_is_brought_back_to_the_store_is_not_owned(sales):
    sales.order("2026-01-01", (HOB, 900.0), (OVEN, 3000.0))
    sales.order("2026-01-20", (HOB, -900.0), **RETURN)
    assert sales.owned() == [("oven", "2026-01-01", 1.0, 3000.0)]


def test_a_fee_kept_back_on_return_does_not_keep_the_goods(sales):
    sales.order("2026-01-01", (HOB, 900.0), (OVEN, 3000.0))
    sales.order("2026-01-20", (HOB, -850.0), **RETURN)
    assert [category for category, *_ in sales.owned()] == ["oven"]


def test_one_of_two_given_back_leaves_one(sales):
    sales.order("2026-01-01", (HOB, 1800.0, {"qty": 2.0}))
    sales.order("2026-01-20", (HOB, -900.0), **RETURN)
    assert sales.owned() == [("hob", "2026-01-01", 1.0, 900.0)]


def test_an_exchange_leaves_the_newer_one(sales):
    sales.order("2026-01-01", (HOB, 900.0))
    sales.order("2026-01-20", (HOB, -900.0), **RETURN)
    sales.order("2026-01-20 01:00", (HOB, 1200.0))
    assert sales.owned() == [("hob", "2026-01-20", 1.0, 1200.0)]


def test_a_return_ticket_without_lines_undoes_the_day(sales):
    sales.order("2026-01-01", (HOB, 900.0))
    sales.order("2026-01-20", paid=-900.0, **RETURN)
    assert sales.owned() == []


def test_a_line_without_an_amount_was_bought(sales):
    sales.order("2026-01-01", (HOB, None, {"qty": None}), paid=900.0)
    assert sales.owned() == [("hob", "2026-01-01", None, 0.0)]
