import json

import numpy as np
import polars as pl
import pytest

from simulator.encounters import GUIDE, several
from simulator.journeys import CART, CHECKOUT, FROM_GUIDE, FROM_SEARCH, LOGIN, PURCHASE, VIEW, VISIT
from simulator.people import DAY
from simulator.truth.loyal import days
from simulator.writers.leads import moments, shown_leads


@pytest.fixture(scope="module")
def events(world):
    return world.journeys.events


def test_sessions_begin_with_a_visit_and_go_on_in_their_order(events):
    steps = events.sort("session", "at", "what")
    first = steps.group_by("session", maintain_order=True).agg(pl.col("what").first())
    assert (first["what"] == VISIT).all()
    shares = {what: events.filter(pl.col("what") == what)["session"].n_unique() for what in range(6)}
    assert shares[VISIT] == shares[VIEW] > shares[CART] > shares[CHECKOUT] > shares[PURCHASE] > 200


def test_a_purchase_in_the_log_is_an_order_of_the_own_shop_at_its_moment(world, events):
    bought = events.filter(pl.col("what") == PURCHASE)
    orders = bought.join(world.sales.orders.select("order", "channel", "buyer", ordered="at"), on="order")
    assert len(orders) == len(bought)
    assert (orders["channel"] == 2).all() and (orders["person"] == orders["buyer"]).all()
    assert ((orders["at"] - orders["ordered"]).abs() < 120).all()


def test_before_an_order_people_come_more_often_from_search_and_guides(world, events):
    visits = events.filter(pl.col("what") == VISIT).select("person", "at", "source")
    orders = world.sales.orders.select(person="buyer", bought="at")
    ahead = visits.join(orders, on="person").filter(pl.col("bought").is_between(pl.col("at"), pl.col("at") + 20 * DAY))
    near = pl.col("source").is_in([FROM_SEARCH, FROM_GUIDE])
    on_the_way = ahead.select(near.mean()).item()
    overall = visits.select(near.mean()).item()
    assert on_the_way > overall + 0.1


def test_most_who_look_buy_nothing_soon(world, events):
    lookers = events.filter(pl.col("what") == VIEW)["person"].unique()
    never = ~world.presence.buyer[lookers.to_numpy()]
    assert 0.15 < never.mean() < 0.5


def test_nobody_is_known_before_they_registered_and_who_is_seen_in_one_source_never(world, events):
    known = events.filter("known")
    since = dict(world.members.shoppers.group_by("person").agg(pl.col("at").min()).iter_rows())
    assert all(since[person] <= at for person, at in known.select("person", "at").iter_rows())
    assert (world.presence.lone[known["person"].to_numpy()] < 0).all()
    assert 0.1 < len(known) / len(events) < 0.6


def test_a_first_login_tells_whose_device_it_is(events):
    logins = events.filter(pl.col("what") == LOGIN)
    assert logins["known"].all()
    assert logins.group_by("person", "web").len()["len"].max() == 1
    devices = logins.group_by("device").agg(pl.col("person").n_unique())
    assert devices["person"].max() > 1, "at home some use one computer"
    assert (devices["person"] == 1).mean() > 0.9


def test_the_log_is_json_of_the_trackers_shape(simulated):
    lines = [
        json.loads(line)
        for path in sorted((simulated.landing / "sensors").rglob("*.jsonl"))
        for line in path.read_text().splitlines()
    ]
    assert {line["type"] for line in lines} == {"track", "track_signup"}
    assert all(line["project"] == "chengyu_mall" and line["anonymous_id"] for line in lines)
    assert all(line["distinct_id"] == line.get("login_id", line["anonymous_id"]) for line in lines)
    assert {"$utm_campaign", "product_id", "order_id", "$mp_unionid", "phone"} <= {
        name for line in lines for name in line["properties"]
    }


def test_who_follows_a_campaigns_link_was_sent_it(simulated):
    sent = {}
    for path in (simulated.landing / "campaign").rglob("*.csv"):
        rows = pl.read_csv(path, infer_schema=False).filter(pl.col("分组") != "对照组")
        sent[rows["活动编号"][0]] = rows.height
    clicked = {}
    for path in (simulated.landing / "sensors").rglob("*.jsonl"):
        for line in path.read_text().splitlines():
            code = json.loads(line)["properties"].get("$utm_campaign", "")
            clicked[code] = clicked.get(code, 0) + 1
    own = {code: n for code, n in clicked.items() if code in sent}
    assert len(own) > len(sent) / 2
    assert all(0 < n < 0.4 * sent[code] for code, n in own.items())


@pytest.mark.parametrize("name", ["scans", "visits", "reviews", "leads"])
def test_traces_are_of_people_whom_several_sources_may_know(world, name):
    rows = getattr(world, name)
    assert len(rows) > 150
    if name != "reviews":
        assert several(world)[rows["person"].to_numpy()].all()
    assert rows["at"].is_sorted()


def test_a_scan_of_a_receipt_follows_its_ticket(world):
    rows = world.scans.filter(pl.col("order").is_not_null() & (pl.col("kind") == 0))
    joined = rows.join(world.sales.orders.select("order", "buyer", bought="at"), on="order")
    assert (joined["person"] == joined["buyer"]).all()
    assert (joined["at"] - joined["bought"]).is_between(0, 3600).all()
    assert (world.scans["kind"] == GUIDE).any()


def test_leads_end_in_an_order_in_a_loss_with_a_reason_or_are_open(world):
    leads = world.leads
    won = leads.filter(pl.col("order") >= 0)
    joined = won.join(world.sales.orders.select("order", "buyer", bought="at"), on="order")
    assert (joined["person"] == joined["buyer"]).all() and (joined["at"] < joined["bought"]).all()
    assert (joined["followed_at"] <= joined["won_at"]).all()
    lost = leads.filter(pl.col("lost_at") < 2**60)
    assert len(lost) > 30 and not lost["order"].is_between(0, 10**9).any()
    shares = np.asarray([len(won), len(lost), len(leads) - len(won) - len(lost)]) / len(leads)
    assert (shares > 0.05).all()


def test_a_lead_is_exported_again_when_its_state_changes(world):
    shown = [shown_leads(world, period, by_ad=False) for period in moments(world, None)]
    told = pl.concat([rows.select("lead_no", "state") for rows in shown])
    assert told["lead_no"].n_unique() < len(told)
    states = told.group_by("lead_no", maintain_order=True).agg(pl.col("state"))
    assert states.filter(pl.col("state").list.len() > 1)["state"].list.n_unique().max() > 1
    assert days(world, world.span.end) == []


def test_trouble_with_an_order_makes_for_fewer_stars(world):
    reviews = world.reviews
    bad = reviews.filter(pl.col("trouble") > 0)["stars"].mean()
    good = reviews.filter(pl.col("trouble") == 0)["stars"].mean()
    assert bad < good - 1
