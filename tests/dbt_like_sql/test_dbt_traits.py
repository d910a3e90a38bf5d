"""What is known of a person: cycles, leanings, gaps, offers, loyalty, contentment, households."""

import math
from datetime import date, timedelta
from typing import Any

import pytest
from dbt_world import AS_OF, World, at, rows

from dbt_like_sql.project import load_project

PROJECT = load_project()
TITLES = {"filter": ("滤芯", False), "rod": ("镁棒", False), "heater": ("热水器", True), "purifier": ("净水器", True)}


class Shop:
    """People and what they bought, so many days before the as-of date."""

    def __init__(self, folder) -> None:
        self.world, self.folder, self.people = World(), folder, set()
        for priority, (category, (title, is_durable)) in enumerate(TITLES.items(), 1):
            row = {"category": category, "pattern": title, "priority": priority, "is_durable": is_durable}
            self.world.add("profiles", "category_pattern", **row)

    def person(self, one_id: str) -> None:
        if one_id not in self.people:
            self.people.add(one_id)
            self.world.person(one_id)

    def buy(self, one_id: str, days_ago: int, title: str, amount: float = 100.0, **more: Any) -> None:
        self.person(one_id)
        key = f"o{len(self.world.rows['touchpoints']['orders'])}"
        line = {"sku": more.pop("sku", None), "qty": more.pop("qty", 1.0), "is_gift": False}
        self.world.order(key, one_id, moment(days_ago), amount, **more)
        self.world.add(
            "touchpoints", "order_lines", order_key=key, record_id=f"r-{key}", line_no="1", title=title,
            line_amount=amount, **line,
        )  # fmt: skip

    def event(self, one_id: str, days_ago: int, kind: str, record: str | None = None, **more: Any) -> None:
        self.person(one_id)
        number = len(self.world.rows["touchpoints"]["event"])
        record = record or f"e{number}"
        if record not in {row["record_id"] for row in self.world.rows["touchpoints"]["record"]}:
            self.world.record(record, "after_sales", "ticket", moment(days_ago), contact=one_id)
        event = {"event_id": f"e{number}", "record_id": record, "type": kind, "at": at(moment(days_ago))}
        self.world.add("touchpoints", "event", actor_role="contact", **event | more)

    def owns(self, one_id: str, category: str, status: str = "not_due", days_ago: int = 400) -> None:
        row = {"one_id": one_id, "category": category, "status": status, "last_purchase_date": ago(days_ago)}
        self.world.add("profiles", "durable", **row)

    def ask(self, model: str, query: str, **variables: object) -> list[tuple]:
        return rows(self.world.build(PROJECT, self.folder, model, **variables), query)


@pytest.fixture
def shop(tmp_path):
    return Shop(tmp_path)


def ago(days: int) -> date:
    return date.fromisoformat(AS_OF) - timedelta(days=days)


def moment(days_ago: int, hour: int = 4) -> str:
    return f"{ago(days_ago)} {hour:02d}:00"


# --- cycles


def test_gaps_that_are_still_open_lengthen_the_median_wait(shop):
    for i in range(4):  # three wait 50 days, one 100; six have been waiting for 80 days
        shop.buy(f"P{i}", 300, "滤芯")
        shop.buy(f"P{i}", 250 if i < 3 else 200, "滤芯")
    for i in range(6):
        shop.buy(f"Q{i}", 80, "滤芯")
    query = "select n_buyers, n_gaps, q50_days, km_median_days, repurchase_rate from customer.category_cycle"
    # 14 gaps: 3 of 14 end at 50 days; 6 leave unseen at 80; then 1 of 5 at 100; those after a second purchase go on
    assert shop.ask("category_cycle", query) == [(10, 4, 50.0, None, 0.4)]


def test_the_kaplan_meier_median_is_the_first_day_by_which_half_have_come_back(shop):
    for i, gap in enumerate((10, 20, 30, 40)):
        shop.buy(f"P{i}", 400, "滤芯")
        shop.buy(f"P{i}", 400 - gap, "滤芯")
    # eight gaps; four closed, four open for a year: 7/8 x 6/7 x 5/6 x 4/5 = 1/2 on day 40
    assert shop.ask("category_cycle", "select km_median_days from customer.category_cycle") == [(40.0,)]


def test_a_cycle_is_the_categorys_own_from_thirty_gaps_on_and_a_durables_is_its_life(shop):
    for i in range(30):
        shop.buy(f"P{i}", 200, "滤芯")
        shop.buy(f"P{i}", 200 - 40, "滤芯")
    shop.buy("P0", 90, "镁棒")
    shop.buy("P0", 10, "热水器")
    shop.world.add("profiles", "durable_life", category="heater", median_years=8.0)
    query = "select category, cycle_days, cycle_source from customer.category_cycle order by category"
    expected = [("filter", 40.0, "category"), ("heater", 2922.0, "life"), ("rod", 40.0, "all")]
    assert shop.ask("category_cycle", query) == expected


def test_the_own_cycle_leans_to_the_category_until_there_are_gaps_of_ones_own(shop):
    for days in (300, 200, 100):  # mean gap 100; no category has 30 gaps: 180 days stand in
        shop.buy("P1", days, "滤芯")
    shop.buy("P2", 100, "滤芯")
    query = "select one_id, own_cycle_days, next_due_date, cycle_status from customer.person_category order by one_id"
    assert shop.ask("person_category", query) == [
        ("P1", (2 * 100 + 2 * 180) / 4, ago(100 - 140), "early"),
        ("P2", 2 * 180 / 2, ago(100 - 180), "early"),
    ]


def test_affinity_compares_the_decayed_share_with_everybodys(shop):
    shop.buy("P1", 0, "滤芯")
    shop.buy("P1", 180, "镁棒")
    shop.buy("P2", 0, "镁棒")
    found = shop.ask("person_category", "select category, decayed_share, lift from customer.person_category "
                     "where one_id = 'P1' order by affinity_rank")  # fmt: skip
    # weights 1 and 1/2 (a cycle of 180 days); base shares 1/3 and 2/3, two days of which are added
    share = {"filter": (1 + 2 / 3) / 3.5, "rod": (0.5 + 4 / 3) / 3.5}
    assert [row[0] for row in found] == ["filter", "rod"]
    for category, decayed, lift in found:
        assert math.isclose(decayed, share[category], abs_tol=1e-4)
        assert math.isclose(lift, share[category] / {"filter": 1 / 3, "rod": 2 / 3}[category], abs_tol=1e-3)


# --- leanings


def test_preferences_are_counted_in_days_within_their_window(shop):
    for days, channel in ((5, "tmall"), (20, "tmall"), (80, "pos"), (100, "pos"), (200, "pos"), (364, "pos")):
        shop.buy("P1", days, "滤芯", source=channel, store_id="徐汇店" if channel == "pos" else None)
    shop.buy("P1", 365, "滤芯", source="youzan")
    query = """select window_days, preference_rank, value, n_purchase_days from customer.preference
               where dimension = 'channel' order by all"""
    assert shop.ask("preference", query) == [
        (30, 1, "marketplace", 2),
        (90, 1, "marketplace", 2),
        (90, 2, "store", 1),
        (365, 1, "store", 4),
        (365, 2, "marketplace", 2),
    ]


def test_the_time_of_day_is_local(shop):
    shop.buy("P1", 3, "滤芯", created_at=at(moment(3, 12)), paid_at=at(moment(3, 12)))  # eight in the evening
    shop.buy("P2", 3, "滤芯", created_at=at(moment(3, 23)), paid_at=at(moment(3, 23)))  # seven, the next morning
    query = """select one_id, value from customer.preference
               where dimension = 'time_of_day' and window_days = 30 order by all"""
    assert shop.ask("preference", query) == [("P1", "evening"), ("P2", "morning")]


def test_price_sensitivity_needs_three_orders_and_price_level_three_lines(shop):
    for i in range(10):
        for days in (1, 2, 3):
            shop.buy(f"P{i}", days, "滤芯", 100.0 + i, discount_amount=10.0 * i)
    shop.buy("PX", 1, "滤芯", 1.0, discount_amount=500.0)
    found = shop.ask("price_sensitivity", "select one_id, sensitivity, decile, price_level, price_percentile "
                     "from customer.price_sensitivity order by one_id")  # fmt: skip
    assert [row[0] for row in found if row[1] == "high"] == ["P8", "P9"]
    assert [row[0] for row in found if row[1] == "low"] == ["P0", "P1", "P2"]
    assert found[-1][:4] == ("PX", None, None, None)
    assert [row[2] for row in found[:10]] == sorted(row[2] for row in found[:10])
    assert [row[3] for row in found[:10]] == ["cheap"] * 2 + ["middle"] * 6 + ["expensive"] * 2


def test_what_is_bought_soon_after_its_launch_is_new(shop):
    shop.world.add("touchpoints", "product", **listed("A", ago(100)), record_id="p1", title="甲")
    for days in (50, 40, 30):
        shop.buy("P1", days, "滤芯", sku="A")  # listed: new until 90 days after the launch
    for days in (9, 8, 7):
        shop.buy("P2", days, "滤芯", sku="A")
    for days in (600, 20, 10):
        shop.buy("P3", days, "镁棒", sku="B")  # the files begin with it: old as far as anybody knows
    query = "select one_id, n_lines, n_new_lines, affinity from customer.new_product_affinity order by one_id"
    assert shop.ask("new_product_affinity", query) == [
        ("P1", 3, 3, "early"),
        ("P2", 3, 0, "late"),
        ("P3", 3, 0, "late"),
    ]


def listed(code: str, launched: date) -> dict[str, Any]:
    return {"product_code": code, "launched_date": launched}


# --- gaps and offers


def test_a_gap_is_closed_by_anybody_at_home(shop):
    shop.world.add("profiles", "category_bundle", category="heater", goes_with="purifier")
    for one_id in ("P1", "P2", "P3"):
        shop.buy(one_id, 400, "热水器", 3000.0)
        shop.owns(one_id, "heater")
    shop.buy("P3", 100, "净水器", 2000.0)
    for one_id in ("P2", "P3"):
        shop.world.add("profiles", "household_member", household_id="HP2", one_id=one_id, n_members=2)
    query = "select one_id, missing_category, n_owners, attach_rate, gap_rank from customer.bundle_gap"
    assert shop.ask("bundle_gap", query) == [("P1", "purifier", 3, round(2 / 3, 4), 1)]


def test_offers_are_what_one_buys_then_what_is_missing_then_what_is_liked(shop):
    shop.world.add("profiles", "category_bundle", category="heater", goes_with="purifier")
    shop.buy("P1", 400, "热水器 甲", 3000.0, sku="H1")
    shop.owns("P1", "heater")
    shop.buy("P1", 60, "滤芯 甲", sku="F1")
    shop.buy("P1", 30, "滤芯 乙", sku="F2")
    shop.buy("P2", 20, "净水器 甲", 2000.0, sku="W1")
    shop.buy("P3", 10, "镁棒 甲", sku="R1")
    query = """select product, reason from customer.next_best_product
               where one_id = 'P1' order by product_rank"""
    found = shop.ask("next_best_product", query)
    assert found[:3] == [("F2", "bought_before"), ("F1", "bought_before"), ("W1", "goes_with_owned")]
    assert "H1" not in [product for product, _ in found]  # owned and not due


def test_a_durable_in_its_window_may_be_offered_again(shop):
    shop.buy("P1", 2000, "热水器 甲", 3000.0, sku="H1")
    shop.buy("P2", 30, "热水器 甲", 3000.0, sku="H1")
    shop.owns("P1", "heater", "window", 2000)
    shop.owns("P2", "heater")
    shop.world.rows["profiles"]["stage_threshold"][0].update(q80_days=4000.0, q95_days=5000.0)
    query = "select one_id, product, reason from customer.next_best_product order by all"
    assert shop.ask("next_best_product", query) == [("P1", "H1", "popular")]


def test_lines_that_pack_several_titles_are_of_their_appliance_and_no_offer(shop):
    shop.buy("P1", 30, "滤芯 甲;热水器 甲", 3000.0)
    shop.buy("P1", 20, "镁棒;滤芯", 100.0)
    query = "select title, category, is_durable from core.order_lines order by title"
    assert shop.ask("order_lines", query) == [
        ("滤芯 甲;热水器 甲", "heater", True),
        ("镁棒;滤芯", "filter", False),
    ]
    assert shop.ask("next_best_product", "select * from customer.next_best_product") == []


# --- churn, loyalty, contentment


def test_churn_by_rule_and_by_probability_stand_side_by_side(shop):
    shop.buy("P1", 10, "滤芯")
    shop.buy("P2", 200, "滤芯")
    shop.world.add("profiles", "clv", one_id="P1", p_buy_365d=0.8, model_run="m1")
    query = (
        "select one_id, is_churned_by_rule, p_churn_365d, churn_risk, days_to_churned from customer.churn order by 1"
    )
    assert shop.ask("churn", query) == [("P1", False, 0.2, "low", 171), ("P2", True, None, None, 0)]


def test_a_message_received_is_no_loyalty_but_a_referral_is(shop):
    for one_id in ("P1", "P2", "P3"):
        shop.buy(one_id, 10, "滤芯")
    for days in (1, 2, 3):
        shop.event("P2", days, "message_sent")
        shop.event("P3", days, "message_clicked")
    relation = {"one_id": "P1", "relation": "referrer", "other_one_id": "P9", "n": 1, "source": "referral"}
    shop.world.add("identity", "relation", **relation)
    query = "select one_id, n_active_days_365d, n_referred, advocacy_score from customer.loyalty order by 1"
    assert shop.ask("loyalty", query) == [("P1", 0, 1, 1.0), ("P2", 0, 0, 0.0), ("P3", 3, 0, 0.0)]


def test_stars_are_drawn_to_the_mean_and_repairs_and_open_cases_cost(shop):
    shop.event("P1", 10, "review", subtype="service", value_num=5.0)
    shop.event("P2", 10, "review", subtype="service", value_num=1.0)
    shop.event("P3", 30, "ticket_opened", record="t3", subtype="报修")
    shop.event("P3", 28, "ticket_solved", record="t3", subtype="报修")
    shop.event("P4", 30, "ticket_opened", record="t4", subtype="报装")
    query = "select one_id, n_repairs, n_unsolved, score, band from customer.satisfaction order by 1"
    assert shop.ask("satisfaction", query) == [
        ("P1", 0, 0, 75.0, "happy"),  # (5 + 3) / 2 stars
        ("P2", 0, 0, 25.0, "unhappy"),
        ("P3", 1, 0, 40.0, "unhappy"),
        ("P4", 0, 1, 35.0, "unhappy"),
    ]


def test_a_household_is_one_customer(shop):
    shop.buy("P1", 100, "热水器", 3000.0)
    shop.buy("P2", 50, "滤芯", 200.0)
    shop.owns("P1", "heater")
    for one_id in ("P1", "P2"):
        shop.world.add("profiles", "household_member", household_id="HP1", one_id=one_id, n_members=2)
    query = "select n_members, n_buyers, n_purchases, net_amount_cny, recency_days, durables from customer.household"
    assert shop.ask("household", query) == [(2, 2, 2, 3200.0, 50, ["heater"])]
