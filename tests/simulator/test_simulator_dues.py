from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from simulator.catalogue import CATEGORIES
from simulator.commissions import payees, rules
from simulator.fulfilment import NEVER
from simulator.people import DAY
from simulator.truth.dues import commission_truth, replacement_truth
from simulator.truth.write import person_ids


@pytest.fixture(scope="module")
def due(world):
    return commission_truth(world, person_ids(world))


@pytest.fixture(scope="module")
def replaced(world):
    return replacement_truth(world, person_ids(world))


def test_three_kinds_of_payees_are_due_something_on_three_levels(due):
    assert due.select("payee", "payee_level").unique().height == 9
    assert due["due_cents"].min() > 0
    assert due.select(pl.struct("order_no", "payee", "payee_level", "rule_code").is_unique().all()).item()


def test_a_ticket_pays_its_till_the_stores_manager_and_the_area(world, due):
    staff = due.filter(pl.col("payee") == "staff")
    leader = dict(world.brand.staff.select("code", "leader").iter_rows())
    levels = staff.group_by("order_no").agg(
        pl.col("payee_id").filter(pl.col("payee_level") == level).first().alias(str(level)) for level in (1, 2, 3)
    )
    tickets = levels.filter(pl.col("1").str.starts_with("cashier")).drop_nulls()
    assert len(tickets) > 300
    assert all(leader[a] == b and leader[b] == c for a, b, c in tickets.select("1", "2", "3").iter_rows())


def test_a_share_of_what_was_kept_is_due_in_whole_cents(world, due):
    orders = world.sales.orders.filter((pl.col("channel") == 3) & (pl.col("returned_at") >= NEVER))
    rows = due.filter(pl.col("rule_code") == "S2").join(orders.select("order_no", "paid"), on="order_no")
    assert len(rows) > 300
    expected = np.floor(rows["paid"].to_numpy() * 100 * 0.003 + 0.5)
    assert (rows["due_cents"].to_numpy() == expected).all()


def test_nothing_is_due_for_what_came_back_whole(world, due):
    gone = world.sales.orders.filter(
        ((pl.col("returned_at") < world.span.end) & (pl.col("channel") == 3))
        | ((pl.col("refund_at") < world.span.end) & pl.col("refunded_fully"))
    )
    assert len(gone) > 50
    assert not due["order_no"].is_in(gone["order_no"].implode()).any()


def test_caps_and_least_amounts_hold_and_a_category_has_its_own_rate(world, due):
    for rule in rules(world):
        rows = due.filter(pl.col("rule_code") == rule.code)
        assert len(rows), rule
        if rule.most:
            assert rows["due_cents"].max() <= rule.most * 100
    paid = dict(world.sales.orders.select("order_no", "paid").iter_rows())
    assert all(paid[number] >= 300 for number in due.filter(pl.col("payee") == "referrer")["order_no"])


def test_nobody_is_paid_for_their_own_order_as_a_referrer(world):
    claims = payees(world).filter(pl.col("payee") == "referrer")
    joined = claims.join(world.sales.orders.select("order", "buyer"), on="order")
    assert len(joined) > 100
    assert (joined["payee_id"].cast(pl.Int64) != joined["buyer"]).all()


def test_a_durable_is_replaced_after_it_was_bought_and_lasts_about_its_categorys_life(replaced):
    assert (replaced["replace_date"] >= replaced["bought_date"]).all()
    assert replaced.select(pl.struct("person_id", "category").is_unique().all()).item()
    lasted = replaced.with_columns(years=(pl.col("replace_date") - pl.col("bought_date")).dt.total_days() / 365)
    median = dict(lasted.group_by("product_family").agg(pl.col("years").median()).iter_rows())
    for kind in CATEGORIES[:6]:
        assert median[kind.name] == pytest.approx(kind.life_years, rel=0.12)


def test_who_stays_with_the_brand_buys_the_next_one_on_that_day(world, replaced):
    ids = person_ids(world)
    until = world.span.start + timedelta(days=world.span.horizon // DAY - 2)
    soon = replaced.filter(
        pl.col("is_with_brand") & (pl.col("replace_date") > world.span.as_of) & (pl.col("replace_date") < until)
    )
    lines = world.sales.lines.filter("durable").join(world.sales.orders.select("order", "buyer", "at"), on="order")
    bought = lines.select(
        person_id=ids.gather(lines["buyer"]),
        replace_date=pl.Series(np.datetime64(world.span.start) + lines["at"].to_numpy() // DAY).cast(pl.Date),
    ).unique()
    assert len(soon) > 10
    # What was bought as a replacement itself is not followed further.
    followed = soon.join(bought, on=["person_id", "replace_date"], how="semi")
    assert len(followed) > 0.8 * len(soon)
