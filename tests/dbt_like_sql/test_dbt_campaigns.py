"""Campaigns in the models: who was put into which arm, what each arm did, and what everybody did afterwards."""

import pytest
from dbt_world import World, day, rows

from analyses.campaigns import breakdown_effect, campaign_effect
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


# --- who was put into which arm


def arms(runner) -> list[tuple]:
    return rows(runner, "select one_id, arm, is_holdout, is_in_several_arms from core.campaign_member order by all")


def test_a_person_is_in_the_arm_that_the_list_says(build):
    world = people("P1", "P2")
    world.assigned("spring", "P1", "A", "2026-06-01", unit_cost_amount=0.3)
    world.assigned("spring", "P2", "holdout", "2026-06-01")
    runner = build(world, "campaign_member")
    assert arms(runner) == [("P1", "A", False, False), ("P2", "holdout", True, False)]
    assert rows(runner, "select unit_cost_cny from core.campaign_member where one_id = 'P1'") == [(0.3,)]


def test_a_oneid_that_the_list_names_leads_to_whom_it_was_merged_into(build):
    world = people("P1")
    world.add("identity", "one_id", one_id="P0", status="merged", merged_into="P1", n_records=0)
    world.assigned("spring", None, "A", "2026-06-01", told_one_id="P0")
    world.assigned("spring", None, "A", "2026-06-01", told_one_id="P9")  # nobody ever had it
    assert arms(build(world, "campaign_member")) == [("P1", "A", False, False)]


def test_a_oneid_counts_before_the_phone_beside_it(build):
    world = people("P1", "P2")
    world.assigned("spring", "P2", "A", "2026-06-01", told_one_id="P1")
    assert arms(build(world, "campaign_member")) == [("P1", "A", False, False)]


def test_a_person_listed_in_two_arms_is_told_as_such(build):
    world = people("P1")
    world.assigned("spring", "P1", "holdout", "2026-06-01")
    world.assigned("spring", "P1", "A", "2026-06-01")
    assert arms(build(world, "campaign_member")) == [("P1", "A", False, True)]


def test_an_assignment_after_the_as_of_day_is_not_yet_known(build):
    world = people("P1")
    world.assigned("spring", "P1", "A", "2026-07-02")
    assert arms(build(world, "campaign_member")) == []


# --- what each arm did


def arm_row(runner, arm: str, *columns: str) -> tuple:
    query = f"select {', '.join(columns)} from marts.campaign_arm where arm = '{arm}'"
    (found,) = rows(runner, query)
    return found


def message(world: World, one_id: str, kind: str, moment: str, campaign: str = "spring") -> None:
    record_id = f"m-{campaign}-{one_id}"
    if not any(row["record_id"] == record_id for row in world.rows["touchpoints"]["record"]):
        world.record(record_id, "sms_console", "message", moment, contact=one_id)
    world.event(record_id, f"message_{kind}", moment, role="contact", campaign=campaign, channel="sms")


def test_everybody_assigned_counts_reached_or_not(build):
    world = people("P1", "P2", "P3", "P4")
    for one_id in ("P1", "P2", "P3"):
        world.assigned("spring", one_id, "A", "2026-06-01")
    world.assigned("spring", "P4", "holdout", "2026-06-01")
    for kind in ("sent", "delivered", "clicked"):
        message(world, "P1", kind, "2026-06-01 02:00")
    for kind in ("sent", "failed"):
        message(world, "P2", kind, "2026-06-01 02:00")
    world.order("o3", "P3", "2026-06-14 23:00", 100.0)
    world.order("o4", "P4", "2026-06-02", 50.0)
    runner = build(world, "campaign_arm")
    counts = ("n_people", "n_sent", "n_delivered", "n_failed", "n_opened", "n_clicked", "n_ordered")
    assert arm_row(runner, "A", *counts) == (3, 2, 1, 1, 1, 1, 1)
    assert arm_row(runner, "holdout", *counts) == (1, 0, 0, 0, 0, 0, 1)


def test_the_window_begins_at_the_assignment_and_ends_fourteen_days_later(build):
    world = people("P1")
    world.assigned("spring", "P1", "A", "2026-06-01 08:00")
    for key, moment in (("o1", "2026-06-01 07:59"), ("o2", "2026-06-01 08:00"), ("o3", "2026-06-15 08:00")):
        world.order(key, "P1", moment, 100.0)
    runner = build(world, "campaign_arm")
    assert arm_row(runner, "A", "n_orders", "net_amount_cny", "is_window_complete") == (1, 100.0, True)
    before = rows(runner, "select net_amount_before_cny from lake.intermediate.int_campaign_person")
    assert before == [(100.0,)]


def test_what_was_given_back_lowers_net_and_a_whole_refund_is_no_conversion(build):
    world = people("P1", "P2")
    for one_id in ("P1", "P2"):
        world.assigned("spring", one_id, "A", "2026-06-01")
    world.order("o1", "P1", "2026-06-02", 100.0, "tmall", refunded_amount=30.0)
    world.order("o2", "P2", "2026-06-02", 80.0, "tmall", refunded_amount=80.0, after_sale_status="refunded_full")
    found = arm_row(
        build(world, "campaign_arm"),
        "A",
        "n_ordered",
        "n_converted",
        "n_returned",
        "gross_amount_cny",
        "net_amount_cny",
    )
    assert found == (2, 1, 2, 180.0, 70.0)


def test_visits_and_carts_count_in_the_window(build):
    world = people("P1", "P2")
    for one_id in ("P1", "P2"):
        world.assigned("spring", one_id, "A", "2026-06-01")
        world.record(f"w-{one_id}", "ga4", "activity", "2026-06-02", contact=one_id)
    world.event("w-P1", "add_to_cart", "2026-06-02", role="contact")
    world.event("w-P2", "page_view", "2026-05-30", role="contact")
    assert arm_row(build(world, "campaign_arm"), "A", "n_visited", "n_carted") == (1, 1)


def test_a_campaign_without_a_list_has_the_arm_of_all_who_were_written_to(build):
    world = people("P1", "P2")
    message(world, "P1", "sent", "2026-06-01")
    message(world, "P2", "sent", "2026-06-05")
    world.order("o2", "P2", "2026-06-04", 10.0)  # before they were written to
    runner = build(world, "campaign_arm")
    assert arm_row(runner, "all", "n_people", "n_sent", "n_orders", "is_holdout") == (2, 2, 0, False)


def test_whoever_was_written_to_beside_the_list_is_told_apart(build):
    world = people("P1", "P2")
    world.assigned("spring", "P1", "A", "2026-06-01")
    message(world, "P2", "sent", "2026-06-01")
    runner = build(world, "campaign_arm")
    runner.run("int_campaign_moment")
    assert rows(runner, "select arm, n_people from marts.campaign_arm order by arm") == [("A", 1), ("unlisted", 1)]
    assert rows(runner, "select arm from lake.intermediate.int_campaign_moment") == [("A",)]


def test_cost_is_unit_cost_and_the_campaigns_own_borne_by_those_it_was_for(build):
    world = people("P1", "P2", "P3", "P4")
    for one_id, arm in (("P1", "A"), ("P2", "A"), ("P3", "B"), ("P4", "holdout")):
        world.assigned("spring", one_id, arm, "2026-06-01", unit_cost_amount=0.5)
    world.record("c", "reference", "campaign", "2026-06-01")
    world.add(
        "touchpoints", "campaign", record_id="c", campaign_code="spring", name="春季", cost_amount=30.0, currency="CNY"
    )
    world.record("s", "ad_spend", "spend", "2026-06-01")
    world.add(
        "touchpoints", "ad_spend", record_id="s", campaign_code="春季", spend_date=day("2026-06-02"), cost_amount=3.0,
        currency="CNY",
    )  # fmt: skip
    runner = build(world, "campaign_arm")
    costs = ("unit_cost_cny", "campaign_cost_cny", "ad_cost_cny", "cost_cny")
    assert arm_row(runner, "A", *costs) == (1.0, 20.0, 2.0, 23.0)
    assert arm_row(runner, "B", *costs) == (0.5, 10.0, 1.0, 11.5)
    assert arm_row(runner, "holdout", *costs) == (0.0, 0.0, 0.0, 0.0)


def test_people_in_several_arms_are_counted_but_not_compared(build):
    world = people("P1", "P2")
    world.assigned("spring", "P1", "A", "2026-06-01")
    world.assigned("spring", "P1", "holdout", "2026-06-01")
    world.assigned("spring", "P2", "A", "2026-06-01")
    runner = build(world, "campaign_arm")
    runner.run("int_campaign_moment")
    assert arm_row(runner, "A", "n_people", "n_in_several_arms") == (2, 1)
    assert rows(runner, "select n_people from lake.intermediate.int_campaign_moment where arm = 'A'") == [(1,)]


def test_the_effect_of_a_campaign_is_told_from_its_moments(build):
    world = people(*(f"P{i}" for i in range(400)))
    for i in range(400):
        arm = "holdout" if i % 2 else "A"
        world.assigned("spring", f"P{i}", arm, "2026-06-01", unit_cost_amount=0.1)
        if i % 4 == 0 or i % 20 == 1:
            world.order(f"o{i}", f"P{i}", "2026-06-03", 100.0)
    runner = build(world, "campaign_arm")
    runner.run("int_campaign_moment")
    moments = runner.con.sql("select * from lake.intermediate.int_campaign_moment").pl()
    (row,) = campaign_effect(moments, runner.con.sql("select * from marts.campaign_arm").pl(), 0.4).to_dicts()
    assert (row["n_converted"], row["n_holdout_converted"], row["verdict"]) == (100, 20, "shown")
    assert row["net_uplift_per_head_cny"] == pytest.approx(40.0)
    assert row["roi"] == pytest.approx((200 * 40 * 0.4 - 20) / 20)


# --- by channel, store and staff


def owners(runner) -> list[tuple]:
    runner.run("int_campaign_owner")
    query = "select one_id, channel, store_code, staff_code from lake.intermediate.int_campaign_owner order by 1"
    return rows(runner, query)


def served_by(world: World, one_id: str, moment: str, staff: str) -> None:
    record_id = f"s-{one_id}-{moment}"
    world.record(record_id, "wecom", "activity", moment, contact=one_id)
    world.event(record_id, "add_friend", moment, role="contact", staff_code=staff)


def test_whose_a_person_is_was_settled_before_anything_was_sent_for_the_holdout_as_for_the_others(build):
    world = people("P1", "P2", "P3")
    for one_id, arm in (("P1", "A"), ("P2", "holdout"), ("P3", "A")):
        world.assigned("spring", one_id, arm, "2026-06-01", channel="sms" if arm == "A" else None)
    for one_id in ("P1", "P2"):
        for day_of, store in (("2026-01-01", "S1"), ("2026-01-05", "S1"), ("2026-03-01", "S2")):
            world.order(f"{one_id}{day_of}", one_id, day_of, 50.0, store_id=store)
        served_by(world, one_id, "2026-02-01", "G1")
        served_by(world, one_id, "2026-05-31", "G2")
    # what the campaign brings: another store, another employee
    for day_of in ("2026-06-02", "2026-06-03", "2026-06-04"):
        world.order(f"late{day_of}", "P1", day_of, 50.0, store_id="S3")
    served_by(world, "P1", "2026-06-02", "G3")
    assert owners(build(world, "campaign_arm")) == [
        ("P1", "sms", "S1", "G2"), ("P2", "sms", "S1", "G2"), ("P3", "sms", "unknown", "unknown"),
    ]  # fmt: skip


def test_what_the_list_says_goes_before_and_names_lead_to_codes(build):
    world = people("P1", "P2")
    world.record("st", "reference", "store", "2026-01-01")
    world.add("touchpoints", "store", record_id="st", store_code="S9", name="南京路店")
    world.assigned("spring", "P1", "A", "2026-06-01", channel="sms", store_code="南京路店", staff_code="G7")
    world.assigned("spring", "P2", "holdout", "2026-06-01", channel="wecom", store_code="S8", staff_code="G8")
    world.order("o1", "P1", "2026-01-01", 50.0, store_id="S1")
    assert owners(build(world, "campaign_arm")) == [("P1", "sms", "S9", "G7"), ("P2", "wecom", "S8", "G8")]


def test_a_campaign_is_broken_down_by_store_with_everything_that_is_told_of_its_arms(build):
    world = people(*(f"P{i}" for i in range(160)))
    for i in range(160):
        arm = "holdout" if i % 2 else "AB"[i % 4 // 2]
        store = "S1" if i < 120 else "S2"
        world.assigned("spring", f"P{i}", arm, "2026-06-01", unit_cost_amount=0.1, channel="sms", store_code=store)
        if i % 4 == 0 or i % 20 == 1:
            world.order(f"o{i}", f"P{i}", "2026-06-03", 100.0)
        if i % 2 == 0 and i < 10:
            for kind in ("sent", "delivered", "clicked"):
                message(world, f"P{i}", kind, "2026-06-01 02:00")
    message(world, "P1", "sent", "2026-06-01 02:00")
    world.record("c", "reference", "campaign", "2026-06-01")
    world.add(
        "touchpoints", "campaign", record_id="c", campaign_code="spring", name="春季", cost_amount=80.0, currency="CNY"
    )
    runner = build(world, "campaign_arm")
    for model in ("int_campaign_owner", "int_campaign_breakdown"):
        runner.run(model)
    moments = runner.con.sql("select * from lake.intermediate.int_campaign_breakdown").pl()
    query = """
        select n_assigned, n_sent, n_delivered, n_clicked, n_orders, net_amount_cny, cost_cny
        from lake.intermediate.int_campaign_breakdown where breakdown = 'store' order by is_holdout, breakdown_value
    """
    assert rows(runner, query) == [
        (60, 5, 5, 5, 30, 3000.0, 66.0), (20, 0, 0, 0, 10, 1000.0, 22.0), (60, 1, 0, 0, 6, 600.0, 0.0),
        (20, 0, 0, 0, 2, 200.0, 0.0),
    ]  # fmt: skip
    assert rows(runner, "select sum(cost_cny), sum(n_orders) from marts.campaign_arm where not is_holdout") == [
        (88.0, 40)
    ]
    for breakdown in ("channel", "store", "staff"):
        part = moments.filter(~moments["is_holdout"], moments["breakdown"] == breakdown)
        assert (part["cost_cny"].sum(), part["n_orders"].sum()) == (pytest.approx(88.0), 40)
    told = {(row["breakdown"], row["breakdown_value"]): row for row in breakdown_effect(moments, 0.4).to_dicts()}
    large, small = told["store", "S1"], told["store", "S2"]
    assert (large["n_compared"], large["n_holdout"], large["verdict"]) == (60, 60, "shown")
    assert large["net_uplift_per_head_cny"] == pytest.approx(40.0)
    assert (small["verdict"], small["incremental_net_cny"]) == ("too small", None)
