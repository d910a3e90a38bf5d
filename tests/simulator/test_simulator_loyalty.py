import numpy as np
import polars as pl
import pytest

from simulator.fulfilment import NEVER
from simulator.loyalty import list_times


@pytest.fixture(scope="module")
def points(world):
    return world.points


def at(world, entries, moment):
    """What the entries up to a moment come to, beside the points that every card shows."""
    cards = world.members.cards.filter(pl.col("at") <= moment).select("card", "points")
    sums = entries.filter(pl.col("at") <= moment).group_by("card").agg(total=pl.col("points").sum())
    return cards.join(sums, on="card", how="left").with_columns(pl.col("total").fill_null(0))


def test_points_add_up_to_what_both_lists_of_members_show(world, points):
    for moment in list_times(world):
        told = at(world, points, moment)
        assert len(told) > 1000
        assert (told["points"] == told["total"]).all()


def test_a_balance_of_points_is_never_below_nothing(points):
    assert points["balance"].min() >= 0


def test_points_lapse_two_years_after_they_were_given_and_the_oldest_are_spent_first(points):
    lapsed = points.filter(pl.col("kind") == "积分过期")
    assert len(lapsed) > 20
    lots = points.filter(pl.col("expires_at") < NEVER).select("card", "expires_at", lot="points")
    found = lapsed.join(lots, left_on=["card", "at"], right_on=["card", "expires_at"], how="left")
    assert (found.group_by("card", "at", "points").agg(pl.col("lot").sum()).select(pl.col("lot") >= -pl.col("points")))[
        "lot"
    ].all()


def test_points_given_for_a_sale_are_its_yuan_and_no_returned_sale_gave_any(world, points):
    given = points.filter(pl.col("kind") == "消费赠送").join(
        world.sales.orders.select("order", "payable", "returned_at", "card"), on="order"
    )
    assert (given["points"] == given["payable"].cast(pl.Int64)).all()
    assert (given["returned_at"] >= NEVER).all() and (given["card"] == given["card_right"]).all()


def test_stored_value_adds_up_to_the_balance_of_each_card_in_every_list(world):
    entries = world.stored_value.with_columns(points=pl.col("principal") + pl.col("gift"))
    cards = world.members.cards
    for moment in (*list_times(world), world.span.horizon + 10**8):
        sums = entries.filter(pl.col("at") <= moment).group_by("card").agg(pl.col("points").sum().round(2))
        told = (
            cards.filter(pl.col("at") <= moment)
            .join(sums, on="card", how="left")
            .with_columns(pl.col("points_right").fill_null(0.0))
        )
        assert (told["balance"] == told["points_right"]).all()
    assert entries["principal_left"].min() >= 0 and entries["gift_left"].min() >= 0


def test_every_ticket_paid_from_a_card_is_in_its_ledger(world):
    paid = world.sales.orders.filter((pl.col("method") == 4) & (pl.col("channel") == 3) & (pl.col("card") != ""))
    told = world.stored_value.filter(pl.col("kind") == "消费").select(
        "order", "card", taken=-pl.col("principal") - pl.col("gift")
    )
    both = paid.join(told, on=["order", "card"])
    assert len(both) == len(paid) > 20
    assert (both["taken"] == both["payable"]).all()


def test_a_coupon_is_redeemed_once_after_it_was_given_on_an_order_with_that_discount(world):
    used = world.coupons.filter(pl.col("order") >= 0)
    assert used["order"].is_unique().all()
    orders = used.join(world.sales.orders.select("order", "discount", "coupon", "buyer", bought="at"), on="order")
    assert len(orders) == len(used) > 100
    assert (orders["face"] == orders["discount"]).all() and orders["coupon"].all()
    assert (orders["person"] == orders["buyer"]).all()
    assert (orders["at"] <= orders["redeemed_at"]).all() and (orders["redeemed_at"] <= orders["expires_at"]).all()


def test_some_coupons_of_each_kind_are_redeemed_and_most_lapse(world):
    coupons = world.coupons.filter(pl.col("template") < 2)
    share = coupons.group_by("template").agg((pl.col("order") >= 0).mean()).sort("template")["order"]
    assert 0 < share[0] < 0.4


def test_nobody_is_brought_twice_and_every_referrer_was_there_before(world):
    first = world.referrals.filter(pl.col("level") == 1)
    assert first["person"].is_unique().all()
    joined = world.people.joined_at
    assert (joined[first["referrer"].to_numpy()] < first["at"].to_numpy()).all()
    assert (first["at"].to_numpy() < joined[first["person"].to_numpy()]).all()


def test_the_second_and_third_level_follow_from_the_edges(world):
    rows = world.referrals
    parent = dict(rows.filter(pl.col("level") == 1).select("person", "referrer").iter_rows())
    assert set(rows["level"].unique()) == {1, 2, 3}
    for level, person, referrer in rows.select("level", "person", "referrer").iter_rows():
        above = person
        for _ in range(level):
            above = parent[above]
        assert above == referrer
    assert np.unique(rows["number"].to_numpy()).size == len(parent)
