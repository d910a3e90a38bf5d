"""Commission to the cent: who is paid for an order, by which rule, and what a refund takes back."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from dbt_world import rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trade_world import TradeWorld, day

from dbt_like_sql.project import load_project

PROJECT = load_project()


class Story:
    """One month of the common world: its own rules hold in it alone, so that many stories need one build."""

    def __init__(self, world: TradeWorld, name: str, month: str) -> None:
        self.world, self.name, self.month = world, name, month
        self.first = day(f"{month}-01")
        self.last = self.first + timedelta(days=27)
        world.person(name)

    def rule(self, code: str, payee: str, level: int = 1, **more: object) -> None:
        self.world.rule(code, payee, level, **{"valid_from": self.first, "valid_to": self.last} | more)

    def order(self, key: str, on: int, paid: float, who: str | None = "", **more: object) -> None:
        who = self.name if who == "" else who
        self.world.order(f"{self.name}/{key}", who, f"{self.month}-{on:02}", paid, **more)


STORIES: dict[str, Callable[[Story], None]] = {}


def story(tell: Callable[[Story], None]) -> Callable[[Story], None]:
    STORIES[tell.__name__] = tell
    return tell


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    world = TradeWorld()
    world.add("profiles", "category_pattern", category="filter", category_zh="滤芯", pattern="滤芯", priority=1)
    for number, (name, tell) in enumerate(STORIES.items()):
        tell(Story(world, name, f"{2024 + number // 12}-{number % 12 + 1:02}"))
    return world.build(PROJECT, tmp_path_factory.mktemp("stories"), "commission_statement")


@pytest.fixture
def entries(runner):
    """Entries of a story: order, payee, level, rule, kind, day of the month (a later one with its month), amount."""

    def of(tell: Callable[[Story], None], *columns: str) -> list[tuple[str, ...]]:
        query = f"""
            select {", ".join(columns)} from (
                select split_part(order_key, '/', 2) as order_no, payee_id, payee_level as level, rule_code as rule,
                    entry_kind as kind, strftime(entry_date, '%m-%d') as day, amount_cny::varchar as amount
                from marts.commission_entry where order_key like '{tell.__name__}/%'
            )
            order by all
        """
        return rows(runner, query)

    return of


@story
def levels(told):
    for code, leader in (("G1", "M1"), ("M1", "A1"), ("A1", "D1"), ("D1", None)):
        told.world.listed("staff", staff_code=code, leader_code=leader)
    for level, rate in ((1, 0.03), (2, 0.01), (3, 0.005)):
        told.rule(f"S{level}", "staff", level, base="net", rate=rate)
    told.order("o", 10, 1000.0, guide_id="G1")


def test_seller_leader_and_leaders_leader_each_get_their_level(entries):
    assert entries(levels, "level", "payee_id", "amount") == [(1, "G1", "30.00"), (2, "M1", "10.00"), (3, "A1", "5.00")]


@story
def partners(told):
    for code, parent in (("P003", "P002"), ("P002", "P001"), ("P001", None)):
        told.world.listed("partner", partner_code=code, parent_code=parent)
    for level in (1, 2, 3):
        told.rule(f"P{level}", "partner", level, rate=0.04 / level)
    told.order("before", 1, 500.0)
    for on, code in ((5, "P003"), (6, "P009")):
        told.world.event("lead_created", told.name, f"{told.month}-{on:02}", role="lead", partner_code=code)
    told.order("after", 10, 300.0)


def test_the_partner_who_first_brought_the_buyer_and_those_above_are_paid_for_later_orders(entries):
    assert entries(partners, "order_no", "level", "payee_id", "amount") == [
        ("after", 1, "P003", "12.00"),
        ("after", 2, "P002", "6.00"),
        ("after", 3, "P001", "4.00"),
    ]


@story
def referrers(told):
    told.world.person("friend")
    told.world.referral("friend", told.name, f"{told.month}-01")
    told.world.referral(told.name, "friend", f"{told.month}-02")
    for level in (1, 2, 3):
        told.rule(f"R{level}", "referrer", level, base="paid", fixed_amount=50.0, min_amount=300.0)
    told.order("small", 10, 299.0)
    told.order("big", 11, 300.0)


def test_a_circle_of_referrers_pays_nobody_for_their_own_order_and_small_orders_do_not_count(entries):
    assert entries(referrers, "order_no", "level", "payee_id", "amount") == [("big", 1, "friend", "50.00")]


@story
def distributor(told):
    told.world.person("seller")
    told.rule("R1", "referrer", base="paid", rate=0.1)
    told.order("o", 10, 100.0, source="youzan", roles={"buyer": told.name, "referrer": "seller"})


def test_whom_an_order_names_as_its_referrer_is_paid_for_it(entries):
    assert entries(distributor, "payee_id", "amount") == [("seller", "10.00")]


@story
def left(told):
    told.world.listed("staff", staff_code="L1", leader_code="L2")
    told.world.listed("staff", staff_code="L2", leader_code="A1", left_date=told.first + timedelta(days=9))
    told.rule("S2", "staff", 2, rate=0.01)
    told.order("last", 10, 100.0, guide_id="L1")
    told.order("late", 11, 100.0, guide_id="L1")


def test_who_has_left_is_paid_for_nothing_later_and_nobody_in_their_place(entries):
    assert entries(left, "order_no", "payee_id") == [("last", "L2")]


@story
def rules(told):
    told.rule("ALL", "staff", rate=0.01)
    told.rule("OLD", "staff", rate=0.02, category="滤芯")
    told.rule("NEW", "staff", rate=0.03, category="filter", valid_from=told.first + timedelta(days=1))
    told.rule("ART", "staff", rate=0.1, product_code="A1")
    told.rule("GONE", "staff", rate=0.5, product_code="A1", valid_to=told.first)
    told.rule("DEAR", "staff", rate=0.5, product_code="A1", min_amount=1000.01)
    told.order("o", 10, 1000.0, guide_id="G7")
    for number, (amount, title, sku) in enumerate(
        ((500.0, "滤芯", "A1"), (300.0, "滤芯", "A2"), (200.0, "花洒", "A3"))
    ):
        told.world.line(f"{told.name}/o", str(number), amount, title=title, sku=sku)


def test_the_rule_of_the_article_wins_over_that_of_its_category_and_the_newest_of_equals(entries):
    assert entries(rules, "rule", "amount") == [("ALL", "2.00"), ("ART", "50.00"), ("NEW", "9.00")]


@story
def rounding(told):
    told.rule("S", "staff", rate=0.05, max_amount=30.0)
    told.order("half", 10, 19.9, guide_id="G7")  # 0.995
    told.order("cap", 11, 900.0, guide_id="G7")


def test_half_a_cent_goes_up_and_a_cap_holds(entries):
    assert entries(rounding, "order_no", "amount") == [("cap", "30.00"), ("half", "1.00")]


@story
def refunds(told):
    told.rule("S", "staff", rate=0.1)
    told.order("o", 10, 100.0, guide_id="G8", refunded_amount=50.0)
    told.world.refund(f"{told.name}/o", 30.0, str(told.first + timedelta(days=33)))


def test_a_refund_takes_back_on_its_own_day_and_with_it_what_the_ledger_does_not_date(entries, runner):
    assert entries(refunds, "kind", "day", "amount") == [("clawback", "09-03", "-5.00"), ("earned", "08-10", "10.00")]
    query = """
        select strftime(statement_month, '%m'), opening_balance_cny::varchar, earned_cny::varchar,
            clawback_cny::varchar, closing_balance_cny::varchar
        from marts.commission_statement where payee_id = 'G8' order by 1
    """
    assert rows(runner, query) == [
        ("08", "0.00", "10.00", "0.00", "10.00"),
        ("09", "10.00", "0.00", "-5.00", "5.00"),
    ]


@story
def paid_base(told):
    told.rule("S", "staff", base="paid", rate=0.1, fixed_amount=5.0)
    for key, back in (("part", 99.0), ("whole", 100.0)):
        told.order(key, 10, 100.0, guide_id="G7", refunded_amount=back)
        told.world.refund(f"{told.name}/{key}", back, f"{told.month}-20")


def test_a_rate_on_what_is_paid_lasts_through_a_part_refund_and_ends_with_a_whole_one(entries):
    assert entries(paid_base, "order_no", "amount") == [("part", "15.00"), ("whole", "-15.00"), ("whole", "15.00")]


@story
def given_back(told):
    told.rule("S", "staff", rate=0.1)
    for key, on, paid, who in (("o1", 1, 500.0, ""), ("o2", 2, 80.0, ""), ("o3", 3, 90.0, None)):
        told.order(key, on, paid, who, guide_id="G7", store_id="S1")
        told.world.line(f"{told.name}/{key}", "1", paid, sku=key)
    for key, back, who, sku in (("b1", -500.0, "", "o1"), ("b3", -45.0, None, "o3")):
        told.order(key, 25, back, who, guide_id="G9", store_id="S1", is_return=True)
        told.world.line(f"{told.name}/{key}", "1", back, sku=sku)


def test_goods_given_back_at_the_till_take_back_what_the_order_they_came_from_had_given(entries):
    found = [
        row[1:] for row in entries(given_back, "kind", "order_no", "payee_id", "day", "amount") if row[0] != "earned"
    ]
    assert found == [("o1", "G7", "10-25", "-50.00"), ("o3", "G7", "10-25", "-4.50")]


@story
def profit(told):
    told.world.listed("product", product_code="C1", cost_price=60.0)
    told.rule("S", "staff", base="profit", rate=0.5)
    told.order("known", 10, 100.0, guide_id="G7", refunded_amount=50.0)
    told.world.line(f"{told.name}/known", "1", 100.0, sku="C1")
    told.world.refund(f"{told.name}/known", 50.0, f"{told.month}-20")
    told.order("unknown", 11, 100.0, guide_id="G7")
    told.world.line(f"{told.name}/unknown", "1", 100.0, sku="C2")


def test_profit_needs_a_cost_and_shrinks_with_what_comes_back(entries):
    assert entries(profit, "order_no", "amount") == [("known", "-10.00"), ("known", "20.00")]


@story
def refunded_line(told):
    told.rule("ALL", "staff", rate=0.01)
    told.rule("ART", "staff", rate=0.1, product_code="A1")
    told.order("o", 10, 200.0, guide_id="G7", refunded_amount=100.0)
    told.world.line(f"{told.name}/o", "1", 100.0, sku="A1", refunded_amount=100.0)
    told.world.line(f"{told.name}/o", "2", 100.0, sku="A2")
    told.world.refund(f"{told.name}/o", 100.0, f"{told.month}-20")


def test_a_refund_told_by_its_line_takes_back_by_the_rule_of_that_line(entries):
    assert entries(refunded_line, "rule", "amount") == [("ALL", "1.00"), ("ART", "-10.00"), ("ART", "10.00")]


def test_entries_and_statements_pass_their_tests(runner):
    assert [
        r.name for name in ("commission_entry", "commission_statement") for r in runner.test(name) if not r.passed
    ] == []


# --- against a second reckoning, in whole cents

RATES = {"net": 333, "paid": 1250}  # in ten-thousandths


@st.composite
def ledgers(draw):
    orders = []
    for number in range(draw(st.integers(8, 60))):
        paid = draw(st.integers(1, 500_000))
        parts = draw(st.lists(st.integers(1, paid), max_size=3))
        orders.append((number, paid, parts, draw(st.integers(0, 60)), draw(st.sampled_from(["G1", "G2", "M1"]))))
    return draw(st.sampled_from(["net", "paid"])), draw(st.none() | st.integers(1, 5000)), orders


def reckoned(base: str, cap: int | None, orders) -> dict[tuple[str, str], int]:
    """Cents by payee and month: what each is due after every refund, less what they were due before."""
    due: dict[tuple[str, str], int] = defaultdict(int)
    for _, paid, parts, offset, who in orders:
        begun = date(2026, 1, 1) + timedelta(days=offset)
        before, back = 0, 0
        for step, part in enumerate([0, *parts]):
            back = min(paid, back + part)
            kept = 0 if back == paid else paid - back if base == "net" else paid
            right = (kept * RATES[base] * 2 + 10_000) // 20_000
            right = min(right, cap) if cap is not None else right
            due[who, f"{begun + timedelta(days=20 * step):%Y-%m}"] += right - before
            before = right
    return due


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ledgers())
def test_statements_reconcile_to_the_cent_with_a_reckoning_in_whole_cents(tmp_path_factory, ledger):
    base, cap, orders = ledger
    world = TradeWorld("P1")
    world.rule("S", "staff", base=base, rate=RATES[base] / 10_000, max_amount=cap and cap / 100)
    for number, paid, parts, offset, who in orders:
        begun = date(2026, 1, 1) + timedelta(days=offset)
        back = min(paid, sum(parts)) / 100
        world.order(f"o{number:02}", "P1", str(begun), paid / 100, guide_id=who, refunded_amount=back)
        for step, part in enumerate(parts, 1):
            world.refund(f"o{number:02}", part / 100, str(begun + timedelta(days=20 * step)))
    runner = world.build(PROJECT, tmp_path_factory.mktemp("ledger"), "commission_statement")
    query = """
        select payee_id, strftime(statement_month, '%Y-%m'), earned_cny + clawback_cny, opening_balance_cny,
            closing_balance_cny
        from marts.commission_statement order by 1, 2
    """
    found, closing = {}, defaultdict(Decimal)
    for who, month, change, opened, closed in rows(runner, query):
        found[who, month] = change
        assert opened == closing[who] and closed == opened + change
        closing[who] = closed
    expected = {key: Decimal(cents) / 100 for key, cents in reckoned(base, cap, orders).items()}
    assert {key: value for key, value in found.items() if value} == {k: v for k, v in expected.items() if v}
    assert all(result.passed for name in ("commission_entry", "commission_statement") for result in runner.test(name))
