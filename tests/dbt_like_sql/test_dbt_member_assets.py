"""Points, coupons and stored value of people: what they have, what lapses when, and that merges lose nothing."""

from datetime import timedelta

import pytest
from dbt_world import AS_OF, World, at, day, rows
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dbt_like_sql.project import load_project

PROJECT = load_project()
END = day(AS_OF)


def entry(world: World, key: str, one_id: str | None, amount: float, ago: int, **more: object) -> None:
    """One entry of a ledger: points, unless `kind` says otherwise; `lasts` days if it lapses."""
    kind = str(more.pop("kind", "points"))
    record_type = str(more.pop("record_type", kind))
    lasts = more.pop("lasts", None)
    moment = f"{END - timedelta(days=ago)} 02:00"
    world.record(f"r-{key}", "pos", record_type, moment, **({"member": one_id} if one_id else {}))
    unit = {"points": "points", "coupon": "coupons"}.get(kind, "CNY")
    expires = at(moment) + timedelta(days=int(str(lasts))) if lasts is not None else None
    told = {"kind": kind, "amount": amount, "unit": unit, "at": at(moment), "expires_at": expires, "role": "member"}
    world.add("touchpoints", "ledger", entry_id=key, record_id=f"r-{key}", **told | more)


def build(world: World, folder):
    """Every model that the singular test needs, and the test."""
    runner = world.build(PROJECT, folder, "asset_expiry")
    runner.run("member_asset")
    failed = [r.name for name in ("member_asset", "asset_expiry") for r in runner.test(name) if not r.passed]
    assert failed == []
    return runner


@pytest.fixture
def world() -> World:
    world = World()
    world.person("P1")
    world.person("P2")
    return world


def test_what_was_given_first_is_used_first_and_the_rest_lapses_on_its_day(world, tmp_path):
    entry(world, "a", "P1", 100.0, 300, lasts=310, subtype="earned", channel="till")
    entry(world, "b", "P1", 50.0, 200, lasts=260, subtype="earned", channel="shop")
    entry(world, "c", "P1", 30.0, 100, subtype="earned", channel="till")
    entry(world, "d", "P1", -80.0, 50, subtype="spent")
    runner = build(world, tmp_path)
    assert rows(
        runner,
        "select balance, earned, spent, expired, lapsed, expiring_30d, expiring_90d, next_expiry_date, n_entries, "
        "channels from customer.member_asset",
    ) == [(100.0, 180.0, 80.0, 0.0, 0.0, 20.0, 70.0, END + timedelta(days=10), 4, ["shop", "till"])]
    assert rows(runner, "select expires_date, amount from customer.asset_expiry order by 1") == [
        (END + timedelta(days=10), 20.0),
        (END + timedelta(days=60), 50.0),
    ]


def test_what_has_lapsed_unsaid_is_told_apart_from_what_the_source_took_away(world, tmp_path):
    entry(world, "a", "P1", 100.0, 300, lasts=100, subtype="earned")
    entry(world, "b", "P2", 100.0, 300, lasts=100, subtype="earned")
    entry(world, "c", "P2", -100.0, 199, subtype="expired")
    found = rows(
        build(world, tmp_path), "select one_id, balance, expired, lapsed from customer.member_asset order by 1"
    )
    assert found == [("P1", 100.0, 0.0, 100.0), ("P2", 0.0, 100.0, 0.0)]


def test_a_coupon_is_used_up_by_its_own_number(world, tmp_path):
    for key, lasts in (("x", 110), ("y", 120)):
        entry(world, key, "P1", 1.0, 100, kind="coupon", subtype="issued", ref_no=key, lasts=lasts)
    entry(world, "z", "P1", -1.0, 10, kind="coupon", subtype="redeemed", ref_no="y")
    runner = build(world, tmp_path)
    assert rows(runner, "select expires_date, amount from customer.asset_expiry") == [(END + timedelta(days=10), 1.0)]
    assert rows(runner, "select unit, balance, spent from customer.member_asset") == [("coupons", 1.0, 1.0)]


def test_principal_and_gift_are_told_apart_and_a_till_ticket_does_not_spend_twice(world, tmp_path):
    entry(world, "a", "P1", 500.0, 90, kind="stored_value", subtype="principal")
    entry(world, "b", "P1", 50.0, 90, kind="stored_value", subtype="gift")
    entry(world, "c", "P1", -120.0, 9, kind="stored_value", subtype="principal", order_key="o1")
    entry(world, "d", "P1", -120.0, 9, kind="stored_value", order_key="o1", record_type="order")
    found = rows(build(world, tmp_path), "select subtype, balance from customer.member_asset order by 1")
    assert found == [("gift", 50.0), ("principal", 380.0)]


ENTRY = st.tuples(
    st.integers(0, 4),  # whose; 4 is nobody's
    st.integers(-50000, 50000).map(lambda cents: cents / 100),
    st.integers(0, 400),
    st.sampled_from(["points", "coupon", "stored_value"]),
    st.sampled_from([None, 5, 200, 500]),
)


@settings(max_examples=4, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries=st.lists(ENTRY, min_size=5, max_size=40))
def test_after_a_merge_the_sums_still_hold_to_the_cent(tmp_path_factory, entries):
    total = "select kind, unit, round(sum(balance), 2) from customer.member_asset group by all order by all"
    found = []
    for people in (["P0", "P1", "P2", "P3"], ["P0", "P0", "P0", "P3"]):
        world = World()
        for one_id in ("P0", "P1", "P2", "P3"):
            world.person(one_id, status="active" if one_id in people else "merged")
        for n, (who, amount, ago, kind, lasts) in enumerate(entries):
            entry(world, f"e{n}", people[who] if who < 4 else None, amount, ago, kind=kind, lasts=lasts)
        runner = build(world, tmp_path_factory.mktemp("w"))
        found.append(rows(runner, total))
        negative = rows(runner, "select count(*) from customer.asset_expiry where amount <= 0")
        assert negative == [(0,)]
    assert found[0] == found[1]
