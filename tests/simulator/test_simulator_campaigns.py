import json
from datetime import date

import polars as pl
import pytest

from simulator.build import build_world
from simulator.campaigns import PLANS, WINDOW_DAYS
from simulator.people import DAY
from simulator.truth.uplift import campaign_persons, campaign_truth
from simulator.truth.write import person_ids


@pytest.fixture(scope="module")
def ran():
    return build_world(6000, 5, date(2026, 11, 21), 3, campaigns=True)


@pytest.fixture(scope="module")
def persons(ran):
    return campaign_persons(ran, person_ids(ran))


def test_a_tenth_of_each_list_is_held_out_by_lot(ran, persons):
    drawn = persons.group_by("campaign_code").agg(pl.col("is_holdout").mean(), pl.len())
    assert len(drawn) == len(PLANS)
    assert drawn["is_holdout"].is_between(0.095, 0.105).all()
    assert persons.select(pl.struct("campaign_code", "person_id").is_unique().all()).item()


def test_campaigns_change_what_treated_people_do_as_they_were_meant_to(persons):
    arms = campaign_truth(persons).filter(~pl.col("is_holdout"))
    assert (arms["uplift"] - arms["intended_uplift"]).abs().max() < 0.025
    signs = set(arms["uplift"].round(2).sign())
    assert signs == {-1.0, 0.0, 1.0}


def test_who_is_held_out_does_what_they_would_have_done(persons):
    out = persons.filter("is_holdout")
    assert (out["converts"] == out["would_convert"]).all()
    assert (out["net_cny"] == out["would_net_cny"]).all()


def test_arms_would_have_bought_alike_without_the_campaign(persons):
    rate = persons.group_by("is_holdout").agg(pl.col("would_convert").mean())["would_convert"]
    assert abs(rate[0] - rate[1]) < 0.012


def test_extra_orders_lie_within_the_window_after_the_message(ran):
    own = ran.campaigns.extra.join(ran.sales.orders.select("order", bought="at"), on="order")
    both = own.join(
        ran.campaigns.members.select("campaign", "person", "arm", "at", "assigned_at"), on=["campaign", "person"]
    )
    assert len(both) == len(ran.campaigns.extra) > 100
    assert (both["bought"] > both["at"]).all() and (both["arm"] >= 0).all()
    assert (both["bought"] < both["assigned_at"] + WINDOW_DAYS * DAY).all()


def test_orders_of_campaigns_add_up_and_have_numbers_of_their_own(ran):
    orders = ran.sales.orders
    assert orders["order"].is_unique().all()
    assert orders.select(pl.struct("channel", "order_no").is_unique().all()).item()
    by_line = ran.sales.lines.group_by("order").agg(pl.col("amount").sum())
    joined = orders.join(by_line, on="order", how="left")
    assert (joined["amount"] == joined["goods"]).all()
    assert ((orders["goods"] - orders["discount"] + orders["freight"] - orders["payable"]).abs() < 1e-9).all()
    assert (orders["refunded"] <= orders["paid"]).all()
    assert ((orders["refunded"] == orders["paid"]) | ~orders["refunded_fully"]).all()


def test_what_an_annoying_campaign_took_away_is_in_no_file(ran):
    lost = pl.Series(ran.campaigns.lost)
    assert len(lost) > 0
    for frame in (ran.sales.orders, ran.sales.lines, ran.tickets, ran.payments):
        assert not frame["order"].is_in(lost.implode()).any()


def test_nobody_held_out_is_sent_the_campaigns_message(simulated):
    held, sent = {}, {}
    for path in (simulated.landing / "campaign").rglob("*.csv"):
        rows = pl.read_csv(path, infer_schema=False)
        code = rows["活动编号"][0]
        held[code] = set(rows.filter(pl.col("分组") == "对照组")["手机号"])
        sent[code] = set(rows["手机号"]) - held[code]
    assert len(held) == len(PLANS)
    for path in (simulated.landing / "aliyun_sms").rglob("SmsReport_CY-*.json"):
        messages = json.loads(path.read_text())
        code = messages[0]["out_id"]
        numbers = {message["phone_number"] for message in messages}
        assert numbers == sent.pop(code)
        assert not numbers & held[code]
    assert not sent


def test_a_coupon_of_a_campaign_goes_to_its_arm_alone(ran):
    given = ran.campaigns.coupons
    codes = {plan.code: number for number, plan in enumerate(PLANS)}
    arms = given.with_columns(campaign=pl.col("campaign").replace_strict(codes)).join(
        ran.campaigns.members.select("campaign", "person", "arm"), on=["campaign", "person"]
    )
    assert len(arms) == len(given)
    assert arms["arm"].unique().to_list() == [1]
    assert (given["order"] >= 0).sum() > 20
