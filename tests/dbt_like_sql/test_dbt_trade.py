"""Figures of channels, stores, staff and partners; targets, forecasts, members, the map and business accounts."""

from datetime import date, timedelta

import pytest
from dbt_world import AS_OF, at, rows
from trade_world import TradeWorld, day

from analyses.shrinkage import shrink_rates
from dbt_like_sql.project import load_project

PROJECT = load_project()
END = date.fromisoformat(AS_OF)
OURS = (
    "channel_monthly", "store_monthly", "staff_monthly", "partner_monthly", "store_scorecard", "sales_target_progress",
    "sales_forecast", "member_static", "region_map", "business_account_monthly",
)  # fmt: skip


def ago(days: int) -> str:
    return str(END - timedelta(days=days))


def shop() -> TradeWorld:
    """Two stores, an online shop and two years of steady days, with a little of everything else."""
    world = TradeWorld(*(f"P{i}" for i in range(40)))
    world.listed("store", store_code="S1", name="一店", kind="直营", area_m2=50.0)
    world.listed("store", store_code="S2", name="二店", kind="直营")
    world.listed("staff", staff_code="G1", store_code="S1", job="导购", leader_code="M1")
    world.listed("partner", partner_code="PA", partner_kind="家装")
    for days in range(1, 720):
        who = f"P{days % 20}" if days % 3 else None
        store = {"store_id": "一店", "guide_id": "G1"} if days % 2 else {"store_id": "S2"}
        world.order(f"d{days}", who, ago(days), 100.0, **store)
    # Bought once in June, on the 2nd online, of which a third came back, and again in the store on the 20th.
    world.order("o1", "P30", "2026-06-02", 90.0, source="youzan", discount_amount=10.0, refunded_amount=30.0)
    world.line("o1", "1", 100.0, qty=3.0)
    world.line("o1", "2", 0.0, qty=1.0, is_gift=True)
    world.order("o2", "P30", "2026-06-20", 50.0, store_id="S1", guide_id="G1")
    world.order("b1", "P30", "2026-06-25", -50.0, store_id="S1", guide_id="G1", is_return=True)
    world.order("gone", "P31", "2026-06-03", 70.0, source="youzan", refunded_amount=70.0)
    world.order("unpaid", "P31", "2026-06-03", 0.0, source="youzan", status="created", paid_at=None)
    world.event("member_joined", "P30", "2026-06-01", role="member", channel="store", store_id="S1")
    world.event("member_joined", "P30", "2026-06-05", role="member", channel="store", store_id="S2")
    world.event("add_friend", "P30", "2026-06-01", channel="wecom", staff_code="G1")
    world.event("add_friend", "P32", "2026-06-02", channel="wecom", staff_code="G1")
    world.event("follow", "P32", "2026-05-31", channel="wechat_oa")
    world.event("follow", "P32", "2026-06-15", channel="wechat_oa")
    world.event("store_visit", "P32", "2026-06-15", channel="store", store_id="S1")
    world.event("lead_created", "P33", "2026-02-01", role="lead", partner_code="PA")
    world.order("o3", "P33", "2026-03-01", 400.0)
    for hour, entered in ((10, 3.0), (11, 4.0)):
        world.listed("store_traffic", store_code="S1", traffic_date=day("2026-06-20"), hour=hour, n_entered=entered)
    for hour, entered in ((None, 9.0), (11, 4.0)):
        world.listed("store_traffic", store_code="S1", traffic_date=day("2026-06-21"), hour=hour, n_entered=entered)
    return world


def aimed(world: TradeWorld) -> None:
    """Targets of all levels, for months that are over, on their way and to come."""
    for month, end in (("2026-06-01", None), ("2026-06-15", "2026-07-14"), ("2026-08-01", "2026-08-31")):
        period = {"period_start_date": day(month), "period_end_date": end and day(end), "currency": "CNY"}
        aims = (("brand", None), ("store", "一店"), ("staff", "G1"), ("channel", "网店"), ("category", "热水器"))
        for level, of in aims:
            world.listed("sales_target", level=level, target_of=of, target_amount=3000.0, **period)


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    world = shop()
    aimed(world)
    regions = (("310000", "上海市", None), ("310100", "上海市", "310000"), ("330000", "浙江省", None))
    for code, name, parent in regions:
        level = "city" if parent else "province"
        world.add("profiles", "region", code=code, name=name, level=level, parent=parent)
    for number, gender in enumerate(["female"] * 6 + ["male"] * 2):
        who = f"M{number}"
        world.person(who, gender=gender, province_code="310000", city_code="310100")
        world.record(f"m-{who}", "pos", "customer", "2026-01-01", member=who)
    world.order("m1", "M0", "2026-06-10", 80.0)
    world.add("touchpoints", "business_account", business_id="B1", kind="dealer", key_type="number", record_id="r-o3",
              role="member", order_key="o3", name="恒泰商贸", told_at=at("2026-03-01"))  # fmt: skip
    runner = world.build(PROJECT, tmp_path_factory.mktemp("shop"))
    told = runner.con.sql("select * exclude (store_rate_id) from lake.intermediate.int_store_rate").pl()
    shrunk = shrink_rates(told, rate=["window_days", "metric"], group="store_class", unit="store_code")
    runner.con.register("shrunk", shrunk)
    runner.con.execute("create or replace view lake.analyses.store_rate as select * from shrunk")
    runner.run("store_scorecard")
    return runner


def test_all_of_them_pass_their_tests(runner):
    assert [r.name for name in OURS for r in runner.test(name) if not r.passed] == []
    assert all(rows(runner, f"select count(*) from marts.{name}")[0][0] for name in OURS)


def test_a_channel_is_net_of_discounts_refunds_and_returns(runner):
    query = """
        select n_orders, n_buyers, n_new_buyers, gross_amount_cny, discount_amount_cny, returns_amount_cny,
            net_amount_cny, units_per_receipt, avg_order_value_cny, return_rate, member_capture_rate
        from marts.channel_monthly where channel = 'online_store'
    """
    assert rows(runner, query) == [(1, 1, 1, 170.0, 10.0, 100.0, 60.0, 3.0, 60.0, 1.0, 1.0)]


def test_whoever_follows_or_joins_again_is_not_new_but_a_second_store_has_won_a_member(runner):
    query = """
        select channel, n_new_followers, n_new_members, n_visits from marts.channel_monthly
        where month_start_date = '2026-06-01' and channel in ('wechat_oa', 'wecom', 'store') order by 1
    """
    assert rows(runner, query) == [("store", 0, 1, 1), ("wechat_oa", 0, 0, 0), ("wecom", 2, 0, 0)]
    members = "select sum(n_new_members) from marts.store_monthly where month_start_date = '2026-06-01'"
    assert rows(runner, members) == [(2,)]


def test_a_door_counted_by_hour_and_by_day_counts_once_and_a_store_has_two_names(runner):
    query = """
        select n_entered, n_orders, conversion_rate, net_amount_cny, net_amount_per_m2_cny, n_new_followers
        from marts.store_monthly where store_code = 'S1' and month_start_date = '2026-06-01'
    """
    # 15 odd days of June at 100 each; the sale of the 20th came back on the 25th; both friends are of its guide
    assert rows(runner, query) == [(16.0, 16, 1.0, 1500.0, 30.0, 2)]


def test_the_repeat_rate_waits_until_ninety_days_are_over(runner):
    query = """
        select month_start_date::varchar, n_buyers_90d, repeat_rate_90d from marts.channel_monthly
        where channel = 'store' and month_start_date in ('2026-02-01', '2026-06-01') order by 1
    """
    assert rows(runner, query) == [
        ("2026-02-01", len({days % 20 for days in range(122, 150) if days % 3}), 1.0),
        ("2026-06-01", 0, None),
    ]


def test_staff_and_partners_are_credited_with_whom_they_brought_first(runner):
    query = """
        select n_people_brought, n_became_members, n_converted, conversion_rate_90d, n_new_followers, job
        from marts.staff_monthly where staff_code = 'G1' and month_start_date = '2026-06-01'
    """
    assert rows(runner, query) == [(2, 1, 1, None, 2, "导购")]
    query = """
        select month_start_date::varchar, n_leads, n_people_brought, n_converted, conversion_rate_90d, n_orders,
            net_amount_cny
        from marts.partner_monthly where partner_code = 'PA' order by 1
    """
    assert rows(runner, query) == [
        ("2026-02-01", 1, 1, 1, 1.0, 0, 0.0),
        ("2026-03-01", 0, 0, 0, None, 1, 400.0),
    ]


def test_the_scorecard_has_every_store_rate_and_window_and_ranks_within_the_class(runner):
    query = """
        select store_code, metric, n_successes, n_trials, rank_in_class, n_stores_in_class, flag
        from marts.store_scorecard where window_days = 365 and metric in ('return', 'conversion') order by 2, 1
    """
    found = rows(runner, query)
    assert [(r[0], r[1], r[2], r[5]) for r in found] == [
        ("S1", "conversion", 2, 1), ("S2", "conversion", 0, 1), ("S1", "return", 1, 2), ("S2", "return", 0, 2),
    ]  # fmt: skip
    assert {r[6] for r in found} == {None}
    assert rows(runner, "select count(*) from marts.store_scorecard") == [(2 * 2 * 4,)]


def test_targets_tell_what_is_reached_and_where_the_run_rate_leads(runner):
    query = """
        select target_level, period_state, actual_amount_cny, expected_by_run_rate_cny, expected_by_customers_cny, basis
        from marts.sales_target_progress where target_level in ('brand', 'channel', 'category')
        order by 1, period_start_date
    """
    found = rows(runner, query)
    closed = {r[0]: r[2:] for r in found if r[1] == "closed"}
    assert closed["channel"] == (60.0, 60.0, None, "actual") and closed["category"] == (0.0, 0.0, None, "actual")
    brand = [r for r in found if r[0] == "brand"]
    assert [(r[1], r[5]) for r in brand] == [("closed", "actual"), ("running", "run_rate"), ("not_begun", "run_rate")]
    # about 100 a day: half of the month's 3,000 is there, all of it is expected
    assert brand[1][2] == pytest.approx(1500, abs=60) and brand[1][3] == pytest.approx(3000, rel=0.1)
    assert brand[2][2] == 0 and brand[2][3] == pytest.approx(3100, rel=0.1)


def test_the_forecast_of_steady_days_is_what_they_make_and_its_interval_is_narrow(runner):
    query = """
        select period_kind, period_no, basis, forecast_cny, forecast_low_cny, forecast_high_cny, relative_error,
            n_backtests
        from marts.sales_forecast order by 1, 2
    """
    found = rows(runner, query)
    assert [(r[0], r[1]) for r in found] == [("month", n) for n in (1, 2, 3)] + [("week", n) for n in range(1, 13)]
    assert {r[2] for r in found} == {"run_rate"}
    for kind, _, _, amount, low, high, error, tests in found:
        assert amount == pytest.approx(3100 if kind == "month" else 700, rel=0.12)
        assert low < amount < high and error < 0.3 and tests > 20


def test_members_are_in_one_cell_each_and_small_cells_say_so(runner):
    query = (
        "select province, gender, n_members, is_small_cell, n_buyers from marts.member_static order by n_members desc"
    )
    assert rows(runner, query) == [("上海市", "female", 6, False, 1), ("上海市", "male", 2, True, 0)]


def test_the_map_has_every_region_and_counts_people_at_each_level(runner):
    query = "select region_code, n_people, n_buyers_365d, net_per_person_365d_cny from marts.region_map order by 1"
    assert rows(runner, query) == [("310000", 8, 1, 10.0), ("310100", 8, 1, 10.0), ("330000", 0, 0, None)]


def test_an_account_ages_by_month_from_its_first_telling(runner):
    query = """
        select month_start_date::varchar, n_orders, net_amount_cny, n_orders_to_date, account_stage
        from marts.business_account_monthly order by 1
    """
    assert rows(runner, query) == [
        ("2026-03-01", 1, 400.0, 1, "new"),
        ("2026-04-01", 0, 0.0, 1, "new"),
        ("2026-05-01", 0, 0.0, 1, "at_risk"),
        ("2026-06-01", 0, 0.0, 1, "at_risk"),
    ]


def test_with_value_scores_customers_are_expected_where_they_used_to_buy(tmp_path):
    world = shop()
    aimed(world)
    for number in range(20):
        scores = {"expected_purchases_90d": 2.0, "expected_purchases_365d": 6.0, "expected_order_value_cny": 100.0}
        world.add("profiles", "clv", one_id=f"P{number}", p_alive=1.0, **scores)
    world.add("profiles", "value_model", model_run="m", backtest='{"model": {"spend_total_error": 0.25}}')
    runner = world.build(PROJECT, tmp_path, "sales_forecast")
    query = """
        select sum(expected_purchases), sum(known_customers_cny), min(basis) from marts.sales_forecast
        where period_kind = 'week'
    """
    ((purchases, known, basis),) = rows(runner, query)
    assert basis == "expected_purchases" and 36 < purchases < 39 and known == pytest.approx(purchases * 100, rel=1e-3)
    ((low, high),) = rows(runner, "select min(relative_error), max(relative_error) from marts.sales_forecast")
    assert 0 < low <= high < 0.4


def test_without_any_sales_there_is_no_forecast_and_targets_expect_nothing(tmp_path):
    world = TradeWorld()
    aimed(world)
    runner = world.build(PROJECT, tmp_path, "sales_target_progress")
    assert rows(runner, "select distinct actual_amount_cny, expected_amount_cny from marts.sales_target_progress") == [
        (0, 0)
    ]


def test_visitors_of_a_day_without_an_order_bought_nothing(tmp_path):
    world = TradeWorld("P1")
    world.listed("store", store_code="S1", name="一店", kind="直营")
    for days in (1, 2, 3):
        world.listed("store_traffic", store_code="S1", traffic_date=END - timedelta(days=days), n_entered=10.0)
    world.order("o1", "P1", ago(2), 50.0, store_id="S1")
    query = "select n_successes, n_trials from lake.intermediate.int_store_rate where metric = 'conversion'"
    assert set(rows(world.build(PROJECT, tmp_path, "int_store_rate"), query)) == {(1, 30)}


def test_without_a_back_test_a_forecast_has_no_bounds(tmp_path):
    world = TradeWorld("P1")
    for days in range(30):
        world.order(f"o{days}", "P1", ago(days), 100.0)
    runner = world.build(PROJECT, tmp_path, "sales_forecast")
    query = "select distinct forecast_low_cny, forecast_high_cny, relative_error, n_backtests from marts.sales_forecast"
    assert rows(runner, query) == [(None, None, None, 0)]
