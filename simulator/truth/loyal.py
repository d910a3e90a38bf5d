"""Parties of the ledgers and of the referral tool, with the evidence that their files show."""

from typing import Final

import polars as pl

from simulator.catalogue import JD_SHOP, POS_ACCOUNTS, SMS_ACCOUNT, TMALL_SHOPS, YOUZAN_SHOP
from simulator.model import World
from simulator.people import DAY
from simulator.presence import JD, POS, TMALL, YOUZAN
from simulator.truth.frame import frame
from simulator.writers import campaigns, loyalty, referral
from simulator.writers import dressing as d
from simulator.writers.exports import Period, daily

_ORDER_SOURCE: Final = {TMALL: "tmall", JD: "jd", YOUZAN: "youzan", POS: "pos"}


def days(world: World, until: int) -> list[Period]:
    """The extra days before a moment."""
    return [daily(world.span, day + 1) for day in range((until - world.span.end) // DAY)]


def loyalty_parties(world: World, until: int) -> list[pl.DataFrame]:
    """Members whose points, stored value and coupons moved."""
    span = world.span
    points = loyalty.shown_points(world).filter(pl.col("at") < until)
    stored = loyalty.shown_stored_value(world).filter(pl.col("at") < until)
    when, amount = d.moment(pl.col("at"), span), pl.col("points").cast(pl.String)
    common = {"account": pl.col("account_name"), "person": pl.col("person"), "card": pl.col("card")}
    coupons = [loyalty.shown_coupons(world, day) for day in (None, *days(world, until))]
    return [
        frame(
            points, "pos", "points", "member", **common,
            natural_key=pl.concat_str(
                "card", when, "kind", amount, "order_no", "entry_no", separator="/", ignore_nulls=True
            ),
        ),
        frame(
            stored, "pos", "stored_value", "member", **common,
            natural_key=pl.concat_str(
                "card", when, "kind", "order_no", "entry_no", separator="/", ignore_nulls=True
            ),
        ),
        *(
            frame(
                shown, "pos", "coupon", "member", **common, natural_key=pl.col("coupon_no"), phone=pl.col("phone"),
                any_phone=pl.when(pl.col("phone") != "").then("any_phone").otherwise(-1),
            )
            for shown in coupons
        ),
    ]  # fmt: skip


def referral_parties(world: World, until: int) -> list[pl.DataFrame]:
    """Who was brought, tied to the buyer of the first order, and who brought them."""
    found = []
    for day in (None, *days(world, until)):
        rows = referral.shown_referrals(world, day)
        made_at = day.exported_at if day else world.span.end - 1
        key = {
            "account": d.text("chengyu"),
            "natural_key": pl.concat_str(
                "referrer_phone", "phone", d.moment(pl.col("at"), world.span), pl.col("level").replace_strict(
                    [1, 2, 3], ["一", "二", "三"], return_dtype=pl.String
                ), separator="/",
            ),
        }  # fmt: skip
        bought = (pl.col("order_at") <= made_at) & (pl.col("order") >= 0)
        tie = pl.when(bought).then("order_no").otherwise(d.text(""))
        found += [
            frame(
                rows, "referral", "referral", "lead", **key, person=pl.col("person"), phone=pl.col("phone"),
                any_phone=pl.col("any_phone"), name_kind=pl.col("name_kind"), order_buyer=tie,
            ),
            frame(
                rows, "referral", "referral", "referrer", **key, person=pl.col("referrer"),
                phone=pl.col("referrer_phone"), any_phone=pl.col("above_phone"), name_kind=pl.lit(0),
            ),
        ]  # fmt: skip
        found += named_buyers(world, rows.filter(bought)["order"])
    return found


def campaign_parties(world: World, until: int) -> list[pl.DataFrame]:
    """Who was on a campaign's list, and whom it wrote to; all of it lies before the as-of day."""
    rows = campaigns.shown_members(world).filter(pl.col("at") < until)
    sent = campaigns.shown_messages(world).filter(pl.col("at") < until)
    common = {"person": pl.col("person"), "phone": pl.col("phone_plain"), "any_phone": pl.col("phone")}
    return [
        frame(
            rows, "campaign", "campaign_member", "member", **common, account=d.text(campaigns.FOLDER),
            natural_key=pl.concat_str("phone_plain", "code", separator="/"),
        ),
        frame(
            sent, "aliyun_sms", "message", "contact", **common, account=d.text(SMS_ACCOUNT), at=pl.col("at"),
            natural_key=pl.concat_str("biz_id", "phone_plain", separator="/"),
        ),
    ]  # fmt: skip


def named_buyers(world: World, orders: pl.Series) -> list[pl.DataFrame]:
    """The buyers of orders whose numbers other files name: both carry the identifier `order_buyer`."""
    named = world.sales.orders.filter(pl.col("order").is_in(orders.unique().implode()) & ~pl.col("damaged"))
    found = []
    for channel, source in _ORDER_SOURCE.items():
        rows = named.filter(pl.col("channel") == channel)
        if channel == TMALL:
            account = d.gather(list(TMALL_SHOPS), rows["shop"])
        elif channel == POS:
            account = d.gather(list(POS_ACCOUNTS), world.stores.account[rows["store"].to_numpy()])
        else:
            account = pl.Series([JD_SHOP if channel == JD else YOUZAN_SHOP] * len(rows), dtype=pl.String)
        found.append(
            frame(
                rows.with_columns(account=account), source, "order", "member" if channel == POS else "buyer",
                account=pl.col("account"), natural_key=pl.col("order_no"), person=pl.col("buyer"),
                order_buyer=pl.col("order_no"), card=pl.col("card"),
            )
        )  # fmt: skip
    return found
