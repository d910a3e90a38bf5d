"""Referral trees, coupons, stored value and categories bought together, on small invented worlds."""

from datetime import date

import pytest
from dbt_world import World, at, rows

from dbt_like_sql.project import load_project

PROJECT = load_project()


@pytest.fixture
def build(tmp_path):
    return lambda world, only=None, **variables: world.build(PROJECT, tmp_path, only, **variables)


def people(*one_ids: str) -> World:
    world = World()
    for one_id in one_ids:
        world.person(one_id)
    return world


# --- referrals


def brings(world: World, referrer: str, one_id: str, moment: str, level: str = "1") -> None:
    record_id = f"ref-{referrer}-{one_id}-{level}-{moment}"
    world.record(record_id, "referral", "referral", moment, referrer=referrer, lead=one_id)
    world.event(record_id, "referral", moment, role="referrer", subtype=level)


def tree(runner, *columns: str) -> list[tuple]:
    return rows(runner, f"select one_id, {', '.join(columns)} from marts.referral_tree order by one_id")


def test_levels_and_depth_follow_from_who_brought_whom(build):
    world = people("A", "B", "C", "D", "E")
    for number, (referrer, one_id) in enumerate((("A", "B"), ("A", "C"), ("B", "D"), ("D", "E"))):
        brings(world, referrer, one_id, f"2026-01-0{number + 1}")
    found = tree(
        build(world, "referral_tree"),
        "n_brought_level_1",
        "n_brought_level_2",
        "n_brought_level_3",
        "n_brought",
        "depth",
    )
    assert found == [("A", 2, 1, 1, 4, 3), ("B", 1, 1, 0, 2, 2), ("D", 1, 0, 0, 1, 1)]


def test_a_level_that_a_file_tells_is_not_counted_twice(build):
    world = people("A", "B", "C")
    brings(world, "A", "B", "2026-01-01")
    brings(world, "B", "C", "2026-01-02")
    brings(world, "A", "C", "2026-01-02", level="2")
    columns = ("n_brought_level_1", "n_brought_level_2", "referrer_one_id")
    assert tree(build(world, "referral_tree"), *columns) == [("A", 1, 1, None), ("B", 1, 0, "A")]


def test_a_person_belongs_to_who_brought_them_first(build):
    world = people("A", "B", "C")
    brings(world, "B", "C", "2026-01-02")
    brings(world, "A", "C", "2026-01-01")
    brings(world, "C", "C", "2025-01-01")  # nobody brings themselves
    assert tree(build(world, "referral_tree"), "n_brought") == [("A", 1)]


def test_a_circle_is_cut_at_its_newest_link(build):
    world = people("A", "B", "C", "D")
    brings(world, "A", "B", "2026-01-01")
    brings(world, "B", "C", "2026-01-02")
    brings(world, "C", "A", "2026-01-03")
    brings(world, "C", "D", "2026-01-04")
    found = tree(build(world, "referral_tree"), "n_brought", "depth", "referrer_one_id")
    assert found == [("A", 3, 3, None), ("B", 2, 2, "A"), ("C", 1, 1, "B")]


def test_purchases_count_from_the_day_of_being_brought(build):
    world = people("A", "B", "C")
    brings(world, "A", "B", "2026-01-10")
    brings(world, "A", "C", "2026-01-10")
    world.order("o1", "B", "2026-01-05", 70.0)
    world.order("o2", "B", "2026-02-05", 30.0)
    world.order("o3", "C", "2026-01-05", 10.0)
    columns = ("n_converted_level_1", "conversion_rate_level_1", "net_amount_level_1_cny")
    assert tree(build(world, "referral_tree"), *columns) == [("A", 1, 0.5, 30.0)]


# --- coupons


def coupon(world: World, number: int, one_id: str, used: str | None = None, order_key: str | None = None) -> None:
    record_id = f"c{number}"
    world.record(record_id, "pos", "coupon", "2026-03-01", member=one_id)
    told = {"role": "member", "subtype": "满减券", "campaign": "spring", "value_num": 20.0}
    world.event(record_id, "coupon_issued", "2026-03-01", **told)
    if used:
        world.event(record_id, "coupon_redeemed", used, order_key=order_key, **told)


def test_coupons_are_counted_by_what_became_of_them(build):
    world = people("P1", "P2")
    coupon(world, 1, "P1", "2026-03-05", "o1")
    coupon(world, 2, "P1", "2026-03-05", "o1")  # two on one order
    coupon(world, 3, "P2")
    coupon(world, 4, "P2")
    world.event("c4", "coupon_expired", "2026-04-01", role="member", subtype="满减券", campaign="spring")
    world.order("o1", "P1", "2026-03-05", 200.0)
    runner = build(world, "coupon_conversion")
    query = """
        select coupon_kind, campaign, issued_month, n_issued, n_people, n_redeemed, n_expired, n_open, redemption_rate,
            median_days_to_redeem, n_orders, order_net_amount_cny, discount_cost_cny
        from marts.coupon_conversion
    """
    expected = ("满减券", "spring", date(2026, 3, 1), 4, 2, 2, 1, 1, 0.5, 4.0, 1, 200.0, 40.0)
    assert rows(runner, query) == [expected]


# --- stored value


def stored(world: World, number: int, one_id: str, moment: str, amount: float, subtype: str = "principal") -> None:
    record_id = f"v{number}"
    world.record(record_id, "pos", "stored_value", moment, member=one_id)
    world.add(
        "touchpoints", "ledger", entry_id=f"l{number}", record_id=record_id, kind="stored_value", amount=amount,
        unit="CNY", at=at(moment), role="member", subtype=subtype,
    )  # fmt: skip
    if amount > 0 and subtype == "principal":
        world.event(record_id, "stored_value_topped_up", moment, role="member", value_num=amount)


def test_balances_run_on_and_lie_still_after_a_year(build):
    world = people("P1", "P2")
    stored(world, 1, "P1", "2025-04-02", 100.0)
    stored(world, 2, "P1", "2025-04-02", 10.0, "gift")
    stored(world, 3, "P1", "2025-05-02", -60.0)
    stored(world, 4, "P2", "2026-01-05", 200.0)
    world.order("o", "P2", "2026-02-01", 50.0)
    runner = build(world, "stored_value_conversion")
    query = """
        select paid_in_cny, given_cny, spent_cny, balance_cny, dormant_balance_cny, n_top_ups, repeat_rate_90d
        from marts.stored_value_conversion where ledger_month = date '{}'
    """
    assert rows(runner, query.format("2025-04-01")) == [(100.0, 10.0, 0.0, 110.0, 0.0, 1, 0.0)]
    assert rows(runner, query.format("2025-05-01")) == [(0.0, 0.0, 60.0, 50.0, 0.0, 0, None)]
    assert rows(runner, query.format("2026-01-01")) == [(200.0, 0.0, 0.0, 250.0, 0.0, 1, 1.0)]
    assert rows(runner, query.format("2026-05-01")) == [(0.0, 0.0, 0.0, 250.0, 50.0, 0, None)]
    assert rows(runner, "select count(*) from marts.stored_value_conversion") == [(15,)]


# --- categories bought together


def test_pairs_are_counted_in_baskets_and_in_people(build):
    world = people("P1", "P2", "P3", "P4")
    world.add("profiles", "category_pattern", category="heater", pattern="热水器", priority=1, is_durable=True)
    world.add("profiles", "category_pattern", category="filter", pattern="滤芯", priority=2, is_durable=False)
    baskets = {
        "o1": ("P1", ["热水器", "滤芯"]),
        "o2": ("P2", ["热水器"]),
        "o3": ("P2", ["滤芯"]),
        "o4": ("P3", ["滤芯"]),
    }
    for key, (one_id, titles) in baskets.items():
        world.order(key, one_id, f"2026-05-0{key[1]}", 100.0)
        for number, title in enumerate(titles):
            world.add(
                "touchpoints", "order_lines", order_key=key, record_id=f"r-{key}", line_no=str(number), title=title,
                qty=1.0, line_amount=50.0,
            )  # fmt: skip
    runner = build(world, "category_pair")
    query = """
        select scope, n_both, n_category, n_other_category, n_all, support, confidence, lift, has_enough_data
        from marts.category_pair where category = 'heater' and other_category = 'filter' order by scope
    """
    assert rows(runner, query) == [
        ("order", 1, 2, 3, 4, 0.25, 0.5, 0.6667, False),
        ("person", 2, 2, 3, 3, 0.666667, 1.0, 1.0, False),
    ]
