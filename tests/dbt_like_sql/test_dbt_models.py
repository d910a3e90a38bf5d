"""What the models mean: purchases, people, consent, stages, scores and figures, on small invented worlds."""

from datetime import date, timedelta

import pytest
from dbt_world import World, at, one_of_everything, rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbt_like_sql.project import load_project

PROJECT = load_project()


@pytest.fixture
def build(tmp_path):
    return lambda world, only=None, **variables: world.build(PROJECT, tmp_path, only, **variables)


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    return one_of_everything().build(PROJECT, tmp_path_factory.mktemp("world"))


def people(*one_ids: str) -> World:
    world = World()
    for one_id in one_ids:
        world.person(one_id)
    return world


# --- all of it


def test_every_model_builds_and_passes_its_tests(everything):
    failed = [r.name for name in PROJECT.order() for r in everything.test(name) if not r.passed]
    assert failed == []


def test_every_model_builds_over_empty_sources(build):
    runner = build(World())
    assert {
        name: runner.run(name) for name in PROJECT.order() if PROJECT.model(name).schema == "marts"
    } == dict.fromkeys([name for name in PROJECT.order() if PROJECT.model(name).schema == "marts"], 0)


def test_documented_types_are_the_types_that_duckdb_gives(everything):
    for name, model in PROJECT.models.items():
        described = rows(everything, f"describe {everything.compile(name)}")
        assert [(c.name, c.data_type) for c in model.columns] == [(r[0], r[1].lower()) for r in described], name


def test_no_published_column_holds_an_identifier_in_the_clear(everything):
    hidden = ["13900000001", "13900000002", "oPENID", "1988-03-02", "张三"]
    for name in PROJECT.order():
        if PROJECT.model(name).schema in ("core", "customer", "marts"):
            text = str(rows(everything, f"select * from {PROJECT.model(name).relation}"))
            assert not [value for value in hidden if value in text], name


def test_the_order_of_the_files_rows_does_not_matter(tmp_path):
    forward, backward = one_of_everything(), one_of_everything()
    for tables in backward.rows.values():
        for table in tables.values():
            table.reverse()
    one = forward.build(PROJECT, tmp_path / "forward")
    other = backward.build(PROJECT, tmp_path / "backward")
    for name, model in PROJECT.models.items():
        if model.config.materialized == "table":
            query = f"select * from {model.relation} order by all"
            assert rows(one, query) == rows(other, query), name


# --- orders


def order_flags(build, **more) -> tuple[bool, bool]:
    world = people("P1")
    world.order("o", "P1", "2026-01-01", more.pop("paid", 100.0), **more)
    return rows(build(world, "orders"), "select is_paid, is_valid from core.orders")[0]


@pytest.mark.parametrize("status", ["paid", "partly_shipped", "shipped", "completed"])
def test_a_paid_order_is_a_valid_purchase(build, status):
    assert order_flags(build, status=status) == (True, True)


@pytest.mark.parametrize("status", ["created", "closed"])
def test_an_unpaid_or_closed_order_is_none(build, status):
    assert order_flags(build, status=status, paid_at=None) == (False, False)


def test_an_unknown_status_counts_when_a_payment_time_is_there(build):
    assert order_flags(build, status="unknown") == (True, True)


def test_an_unknown_status_without_a_payment_time_does_not_count(build):
    assert order_flags(build, status="unknown", paid_at=None) == (False, False)


@pytest.mark.parametrize("refund", [{"after_sale_status": "refunded_full"}, {"refunded_amount": 100.0}])
def test_a_fully_refunded_order_is_paid_but_not_valid(build, refund):
    assert order_flags(build, **refund) == (True, False)


def test_a_partly_refunded_order_stays_valid(build):
    assert order_flags(build, refunded_amount=99.0) == (True, True)


def test_a_return_ticket_is_no_purchase(build):
    assert order_flags(build, paid=-100.0, is_return=True) == (False, False)


def test_an_order_is_the_buyers_not_the_receivers(build):
    world = people("P1", "P2")
    world.order("o", "P1", "2026-01-01", 1.0, "tmall", roles={"buyer": "P1", "receiver": "P2"})
    runner = build(world, "orders")
    assert rows(runner, "select one_id, buyer_one_id, receiver_one_id from core.orders") == [("P1", "P1", "P2")]


def test_an_order_without_a_known_buyer_is_the_receivers(build):
    world = people("P2")
    world.order("o", None, "2026-01-01", 1.0, "tmall", roles={"receiver": "P2"})
    assert rows(build(world, "orders"), "select one_id, buyer_one_id from core.orders") == [("P2", None)]


def test_the_referrer_of_an_order_is_not_its_customer(build):
    world = people("P3")
    world.order("o", None, "2026-01-01", 1.0, "youzan", roles={"referrer": "P3"})
    assert rows(build(world, "orders"), "select one_id from core.orders") == [(None,)]


def test_amounts_are_turned_into_yuan(build):
    world = people("P1")
    world.order("o", "P1", "2026-01-01", 10.0, "shopify", currency="USD", refunded_amount=4.0)
    runner = build(world, "orders", fx={"USD": 7.0})
    assert rows(runner, "select net_amount, net_amount_cny from core.orders") == [(6.0, 42.0)]


def test_an_order_in_an_unknown_currency_has_no_yuan_and_is_warned_of(build):
    world = people("P1")
    world.order("o", "P1", "2026-01-01", 10.0, "shopify", currency="XAU")
    runner = build(world, "orders")
    assert rows(runner, "select net_amount_cny from core.orders") == [(None,)]
    assert [(r.severity, r.failures) for r in runner.test("orders") if "rate" in r.name] == [("warn", 1)]


def test_the_as_of_day_ends_at_local_midnight(build):
    world = people("P1")
    world.order("in", "P1", "2026-06-30 15:59:59", 1.0)  # 23:59:59 in Shanghai
    world.order("out", "P1", "2026-06-30 16:00:00", 1.0)
    runner = build(world, "orders")
    assert rows(runner, "select order_key, ordered_date from core.orders") == [("in", date(2026, 6, 30))]


def test_lines_get_the_category_of_the_first_pattern_that_fits(build):
    world = people("P1")
    for priority, category, pattern in ((2, "purifier", "净水器"), (1, "filter", "滤芯"), (3, "other", ".")):
        world.add(
            "profiles",
            "category_pattern",
            category=category,
            pattern=pattern,
            priority=priority,
            is_durable=category == "purifier",
        )
    world.order("o", "P1", "2026-01-01", 1.0)
    for line, title in enumerate(("净水器滤芯", "厨下净水器", "毛巾")):
        world.add("touchpoints", "order_lines", order_key="o", record_id="r-o", line_no=str(line), title=title)
    found = rows(build(world, "order_lines"), "select category, is_durable from core.order_lines order by line_no")
    assert found == [("filter", False), ("purifier", True), ("other", False)]


# --- purchase days


def purchase_days(build, *orders: tuple, **variables) -> list[tuple]:
    world = people("P1")
    for number, (moment, paid, *more) in enumerate(orders):
        world.order(f"o{number}", "P1", moment, paid, **(more[0] if more else {}))
    query = "select purchase_date, n_orders, net_amount_cny from customer.purchase_day order by 1"
    return [(str(day), n, net) for day, n, net in rows(build(world, "purchase_day", **variables), query)]


RETURN = {"is_return": True}


def test_several_receipts_of_one_day_are_one_purchase(build):
    found = purchase_days(build, ("2026-01-01 02:00", 10.0), ("2026-01-01 09:00", 20.0, {"source": "tmall"}))
    assert found == [("2026-01-01", 2, 30.0)]


def test_days_are_local(build):
    found = purchase_days(build, ("2026-01-01 15:00", 10.0), ("2026-01-01 17:00", 20.0))
    assert [day for day, *_ in found] == ["2026-01-01", "2026-01-02"]


def test_a_day_cancelled_in_full_is_no_purchase(build):
    assert purchase_days(build, ("2026-01-01 02:00", 10.0), ("2026-01-01 03:00", -10.0, RETURN)) == []


def test_a_day_cancelled_in_part_counts_with_what_remains(build):
    found = purchase_days(build, ("2026-01-01 02:00", 10.0), ("2026-01-01 03:00", -4.0, RETURN))
    assert found == [("2026-01-01", 1, 6.0)]


def test_a_later_return_lowers_the_spend_and_not_the_count(build):
    found = purchase_days(build, ("2026-01-01", 100.0), ("2026-02-01", 50.0), ("2026-03-01", -70.0, RETURN))
    assert found == [("2026-01-01", 1, 30.0), ("2026-02-01", 1, 50.0)]


def test_goods_all_given_back_later_undo_the_purchase(build):
    assert purchase_days(build, ("2026-01-01", 100.0), ("2026-03-01", -100.0, RETURN)) == []


def test_a_partial_refund_lowers_the_spend_and_not_the_count(build):
    assert purchase_days(build, ("2026-01-01", 100.0, {"refunded_amount": 40.0})) == [("2026-01-01", 1, 60.0)]


def test_a_free_order_is_no_purchase(build):
    assert purchase_days(build, ("2026-01-01", 0.0)) == []


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(-30, 60).filter(bool)), max_size=8))
def test_purchase_days_are_worth_something_and_never_more_than_what_was_bought(tmp_path_factory, sales):
    world = people("P1")
    for number, (day, amount) in enumerate(sales):
        world.order(f"o{number}", "P1", f"2026-01-0{day}", float(amount), is_return=amount < 0)
    runner = world.build(PROJECT, tmp_path_factory.mktemp("days"), "purchase_day")
    found = rows(runner, "select purchase_date, n_orders, net_amount_cny from customer.purchase_day")
    assert all(net > 0 for _, _, net in found)
    assert len({day for day, *_ in found}) == len(found) <= len({day for day, amount in sales if amount > 0})
    assert sum(net for *_, net in found) <= sum(amount for _, amount in sales if amount > 0)


# --- scores and stages


def test_equal_values_get_equal_scores_and_the_lowest_rank(build):
    world = people(*"ABCDEF")
    for number, one_id in enumerate("ABCDE"):
        world.order(f"o{number}", one_id, "2026-01-01" if one_id < "D" else "2026-02-01", 10.0 * (1 + number))
    found = dict(rows(build(world, "rfm"), "select one_id, [r_score, f_score, m_score] from customer.rfm"))
    # percent ranks of the dates: 0, 0, 0, .75, .75; of the amounts: 0, .25, .5, .75, 1
    assert found == {"A": [1, 1, 1], "B": [1, 1, 2], "C": [1, 1, 3], "D": [4, 1, 4], "E": [4, 1, 5], "F": [None] * 3}


def test_whoever_never_bought_is_a_prospect(build):
    world = people("A")
    assert rows(build(world, "rfm"), "select rfm_group, frequency, recency_days from customer.rfm") == [
        ("prospects", 0, None)
    ]


def test_every_pair_of_scores_has_its_group(build):
    runner = build(people("A"), "rfm")
    case = runner.compile("rfm").split("case\n")[1].split("end as rfm_group")[0]
    grid = f"""
        with averaged as (
            select 'A' as one_id, r as r_score, fm / 2 as fm_score from range(1, 6) as a(r), range(2, 11) as b(fm)
        )
        select case {case} end as rfm_group, count(*) from averaged group by 1
    """
    assert dict(rows(runner, grid)) == {
        "champions": 3, "loyal": 6, "active": 6, "new": 3, "promising": 6, "needs_attention": 3,
        "previously_loyal": 6, "at_risk": 6, "almost_lost": 3, "dormant": 3,
    }  # fmt: skip


STAGES = {  # days before the as-of day of each purchase → stage, with q80 = 90 and q95 = 180
    "potential": [],
    "churned": [361],
    "silent": [360],
    "silent 181": [10 + 171 + 200, 181],
    "at_risk": [180],
    "at_risk 91": [91],
    "won_back": [300, 90],
    "new": [90],
    "repeat": [270, 90],
    "active": [200, 100, 0],
    "won_back after many": [600, 590, 580, 10],
}


@pytest.mark.parametrize("case", STAGES)
def test_the_first_stage_that_fits_wins(build, case):
    world = World()
    world.person("P1", phone="h:1")
    for number, days in enumerate(STAGES[case]):
        world.order(f"o{number}", "P1", str(date(2026, 6, 30) - timedelta(days=days)), 1.0)
    stage, purchases = rows(build(world, "lifecycle"), "select stage, n_purchases from customer.lifecycle")[0]
    assert (stage, purchases) == (case.split(" ")[0], len(STAGES[case]))


def test_a_stranger_without_contact_or_purchase_has_no_stage(build):
    assert rows(build(people("P1"), "lifecycle"), "select * from customer.lifecycle") == []


# --- consent


def sms_state(build, *statements: tuple, holders: dict[str, str] | None = None) -> dict[str, str]:
    """State by person after (phone, state, moment) statements, each on a record of the phone's holder."""
    holders = holders or {"13900000001": "P1", "13900000002": "P1"}
    world = people(*sorted(set(holders.values())))
    for phone, one_id in holders.items():
        world.record(f"m{phone}", "pos", "customer", "2025-01-01", member=one_id)
        world.identifier(f"m{phone}", "member", "phone", phone[:11])
    for number, (phone, state, moment) in enumerate(statements):
        world.record(f"c{number}", "aliyun_sms", "message", "2025-01-01", contact=holders[phone])
        world.consent(f"c{number}", phone[:11], state, moment, role="contact")
    return dict(rows(build(world, "consent_state"), "select one_id, state from customer.consent_state"))


def test_the_latest_statement_of_an_identifier_holds(build):
    said = [("13900000001", "revoked", "2025-01-01"), ("13900000001", "granted", "2025-02-01")]
    assert sms_state(build, *said) == {"P1": "granted"}


def test_of_two_identifiers_the_stricter_wins(build):
    said = [("13900000001", "revoked", "2025-01-01"), ("13900000002", "granted", "2025-02-01")]
    assert sms_state(build, *said) == {"P1": "revoked"}


def test_of_two_statements_at_one_moment_the_refusal_wins(build):
    said = [("13900000001", "granted", "2025-01-01"), ("13900000001", "revoked", "2025-01-01")]
    assert sms_state(build, *said) == {"P1": "revoked"}


def test_a_refusal_without_a_time_is_never_overruled(build):
    said = [("13900000001", "revoked", None), ("13900000001", "granted", "2025-02-01")]
    assert sms_state(build, *said) == {"P1": "revoked"}


def test_a_refusal_holds_for_everyone_who_carries_the_number(build):
    said = [("13900000001", "revoked", "2025-01-01")]
    holders = {"13900000001": "P1", "13900000001b": "P2"}
    assert sms_state(build, *said, holders=holders) == {"P1": "revoked", "P2": "revoked"}


def test_a_permission_after_the_as_of_day_does_not_count_yet_but_a_refusal_does(build):
    assert sms_state(build, ("13900000001", "granted", "2026-07-01")) == {}
    said = [("13900000001", "granted", "2025-01-01"), ("13900000001", "revoked", "2026-07-01")]
    assert sms_state(build, *said) == {"P1": "revoked"}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from("12"), st.sampled_from(["granted", "revoked"]), st.integers(1, 5)), max_size=6)
)
def test_nobody_counts_as_granted_while_one_of_their_numbers_is_revoked(tmp_path_factory, said):
    statements = [(f"1390000000{phone}", state, f"2025-01-0{day}") for phone, state, day in said]
    folder = tmp_path_factory.mktemp("consent")
    found = sms_state(lambda world, only: world.build(PROJECT, folder, only), *statements)
    latest = {phone: max((d, s == "revoked") for p, s, d in said if p == phone)[1] for phone in {p for p, *_ in said}}
    assert found == ({"P1": "revoked" if any(latest.values()) else "granted"} if said else {})


def test_the_handle_of_an_identifier_is_shared_by_its_statements_and_tells_nothing(build):
    world = people("P1")
    for record in ("a", "b"):
        world.record(record, "pos", "customer", "2025-01-01", member="P1")
        world.consent(record, "13900000001", "granted", "2025-01-01")
    world.consent("a", "13900000002", "granted", "2025-01-01")
    found = rows(build(world, "consent"), "select identifier_key, count(*) from core.consent group by 1 order by 2")
    assert [n for _, n in found] == [1, 2]
    assert all(len(key) == 32 for key, _ in found)


# --- customer_360


def test_customer_360_has_each_active_person_once(everything):
    assert rows(everything, "select one_id from customer.customer_360 order by 1") == [
        ("P1",),
        ("P2",),
        ("P3",),
        ("P4",),
    ]


def test_customer_360_brings_everything_together(everything):
    query = """
        select gender, birth_year, age_band, province, sources, n_orders, n_purchases, net_amount_cny,
            net_amount_store_cny, net_amount_marketplace_cny, preferred_store_id, preferred_store_code,
            last_order_channel, is_member,
            member_level, points_balance, reach_sms, lifecycle_stage, clv_tier, devices, n_tickets, tags,
            coupon_order_share
        from customer.customer_360 where one_id = 'P1'
    """
    assert rows(everything, query) == [
        (
            "female", 1988, "35-44", "上海市", ["after_sales", "pos", "tmall"], 2, 2, 2150.0,
            2000.0, 150.0, "徐汇店", "徐汇店", "marketplace", True,
            "金卡", 120.0, True, "won_back", "gold",
            [{"category": "water_heater", "last_purchase_date": date(2025, 2, 1)}], 1, ["coupon_lover"],
            0.5,
        )
    ]  # fmt: skip


def test_nobody_is_reachable_without_a_statement(everything):
    query = "select has_email, reach_email from customer.customer_360 where one_id = 'P3'"
    assert rows(everything, query) == [(True, False)]


def test_leaving_one_account_makes_unreachable_but_following_another_still_shows(build):
    world = people("P1")
    for appid, state in (("wx1", "granted"), ("wx2", "revoked")):
        world.record(appid, "wechat_oa", "customer", "2025-01-01", contact="P1")
        world.identifier(appid, "contact", "wechat_openid", f"o{appid}", appid)
        world.add(
            "touchpoints", "consent", record_id=appid, role="contact", id_type="wechat_openid", id_scope=appid,
            id_value=f"o{appid}", channel="wechat_oa", purpose="marketing", state=state,
            at=at("2025-01-01"), basis="follow",
        )  # fmt: skip
    query = "select is_wechat_oa_follower, reach_wechat_oa from customer.customer_360"
    assert rows(build(world, "customer_360"), query) == [(True, False)]


# --- marts


def test_channel_figures_are_net_of_refunds_and_returns(build):
    world = people("P1")
    world.order("a", "P1", "2026-01-01", 100.0, store_id="s")
    world.order("b", "P1", "2026-01-01", 50.0, store_id="s", refunded_amount=50.0)
    world.order("c", "P1", "2026-01-01", -30.0, store_id="s", is_return=True)
    query = """
        select n_orders, n_returns, n_customers,
            paid_amount_cny, refunded_amount_cny, returned_amount_cny, net_amount_cny
        from marts.channel_daily
    """
    assert rows(build(world, "channel_daily"), query) == [(1, 1, 1, 150.0, 50.0, 30.0, 70.0)]


def test_retention_shows_complete_months_only(build):
    world = people("P1", "P2")
    world.order("a", "P1", "2026-04-01", 10.0)
    world.order("b", "P2", "2026-04-30", 10.0)
    world.order("c", "P1", "2026-05-05", 10.0)  # 34 days after P1's first: month 1
    query = "select month_number, n_cohort, n_buyers, retention_rate from marts.cohort_retention order by 1"
    # 61 days after 30 April: month 0 and month 1 are over for everybody, month 2 is not.
    assert rows(build(world, "cohort_retention"), query) == [(0, 2, 2, 1.0), (1, 2, 1, 0.5)]


def test_equity_adds_up_to_the_value_of_the_people(everything):
    assert rows(everything, "select sum(clv_12m_cny), sum(n_people), sum(clv_share) from marts.customer_equity") == [
        (800.0, 1, 1.0)
    ]


def test_coverage_counts_people_known_to_both_sources(everything):
    query = """
        select other_source, n_people, n_both from marts.source_coverage where source = 'pos' and n_both > 0 order by 1
    """
    assert rows(everything, query) == [("after_sales", 1, 1), ("pos", 1, 1), ("tmall", 1, 1)]


def test_reach_counts_people_with_contact_and_consent(everything):
    query = "select n_with_contact, n_granted, n_reachable from marts.consent_reach where channel = 'sms'"
    assert rows(everything, query) == [(2, 2, 2)]
