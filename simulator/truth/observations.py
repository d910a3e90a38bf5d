"""Every party that the files contain, with the evidence that they show of it in the clear.

One frame a source, all in the same shape (`frame.OBSERVATION`). A party seen in several exports has several rows. What
the evidence links is worked out in `components`, what the later sources show of parties in the modules beside.
"""

from collections.abc import Callable, Collection
from typing import Final

import numpy as np
import polars as pl

from simulator.catalogue import (
    JD_SHOP,
    MERCHANT,
    POS_ACCOUNTS,
    SERVICE_ACCOUNT,
    SHOPIFY_SHOP,
    SMS_ACCOUNT,
    TMALL_SHOPS,
    YOUZAN_SHOP,
)  # fmt: skip
from simulator.contacts import APPIDS, CORPID
from simulator.members import CLERK, OWN, PLACEHOLDER, SHOP
from simulator.model import World
from simulator.people import DAY
from simulator.presence import JD, SHOPIFY, TMALL, YOUZAN
from simulator.truth.behaviour import (
    ocean_parties,
    partner_parties,
    qr_parties,
    review_parties,
    sensors_parties,
    visit_parties,
)
from simulator.truth.frame import frame
from simulator.truth.loyal import campaign_parties, loyalty_parties, referral_parties
from simulator.variants import EXACT, MASKED
from simulator.wechat import REMARK_NAME_PHONE, REMARK_TITLE_PHONE
from simulator.writers import after_sales, aliyun_sms, jd, pos, shopify, tmall, wechat_oa, wechatpay, wecom, youzan
from simulator.writers import dressing as d
from simulator.writers.exports import Period, daily


def _gift(role_is_receiver: bool) -> pl.Expr:
    return pl.when(pl.lit(role_is_receiver) & pl.col("gift")).then(d.text("gift")).otherwise(d.text(""))


def tmall_parties(world: World, until: int) -> list[pl.DataFrame]:
    """Buyers and receivers of the Tmall orders."""
    orders = world.sales.orders.filter((pl.col("channel") == TMALL) & (pl.col("at") < until) & ~pl.col("damaged"))
    rows = tmall.with_cells(world, orders).with_columns(shop_name=d.gather(list(TMALL_SHOPS), orders["shop"]))
    plain = pl.col("mask") < tmall.ALL_MASKED
    account = {"account": pl.col("shop_name"), "natural_key": pl.col("order_no"), "order": pl.col("order")}
    in_clear = pl.col("mask") == tmall.PLAIN
    nothing = d.text("")
    buyer = frame(
        rows, "tmall", "order", "buyer", **account, person=pl.col("buyer"),
        nick=pl.when(plain).then("nick_plain").otherwise(nothing),
        phone=pl.when(in_clear).then("alipay_phone").otherwise(nothing),
        email=pl.when(in_clear).then("alipay_email").otherwise(nothing),
    )  # fmt: skip
    masked = pl.when(pl.col("gift")).then(d.text("gift")).when(~plain).then(d.text("masked_receiver"))
    receiver = frame(
        rows, "tmall", "order", "receiver", **account, person=pl.col("receiver"),
        phenomenon=masked.otherwise(nothing), **_delivery(plain),
    ).with_columns(name_kind=pl.when(pl.Series(rows["name_masked"])).then(MASKED).otherwise("name_kind"))  # fmt: skip
    return [buyer, receiver]


def _delivery(plain: pl.Expr) -> dict[str, pl.Expr]:
    """Receiver evidence of orders with `phone_plain`, `phone`, `name_kind`, `home` and `home_kind`."""
    return {
        "phone": pl.when(plain).then("phone_plain").otherwise(d.text("")),
        "any_phone": pl.col("phone"),
        "name_kind": pl.col("name_kind"),
        "home": pl.col("home"),
        "home_kind": pl.col("home_kind"),
    }


def jd_parties(world: World, until: int) -> list[pl.DataFrame]:
    """Buyers and receivers of the JD orders."""
    orders = world.sales.orders.filter((pl.col("channel") == JD) & (pl.col("at") < until) & ~pl.col("damaged"))
    rows = jd.with_cells(world, orders)
    key = {"account": d.text(JD_SHOP), "natural_key": pl.col("order_no"), "order": pl.col("order")}
    label = pl.when(pl.col("gift")).then(d.text("gift")).otherwise(d.text("masked_receiver"))
    return [
        frame(rows, "jd", "order", "buyer", **key, person=pl.col("buyer"), pin=pl.col("pin")),
        frame(
            rows, "jd", "order", "receiver", **key, person=pl.col("receiver"), phenomenon=label,
            **_delivery(pl.lit(False)),
        ),
    ]  # fmt: skip


def youzan_parties(world: World, until: int) -> list[pl.DataFrame]:
    """Buyers, receivers and referrers of Youzan orders, and the shop's customers."""
    orders = world.sales.orders.filter((pl.col("channel") == YOUZAN) & (pl.col("at") < until))
    rows = youzan.with_cells(world, orders)
    key = {"account": d.text(YOUZAN_SHOP), "natural_key": pl.col("order_no"), "order": pl.col("order")}
    referred = rows.filter(pl.col("referrer") >= 0)
    found = [
        frame(rows, "youzan", "order", "buyer", **key, person=pl.col("buyer"), phone=pl.col("buyer_phone")),
        frame(
            rows, "youzan", "order", "receiver", **key, person=pl.col("receiver"), phenomenon=_gift(True),
            **_delivery(pl.lit(True)),
        ),
        frame(
            referred, "youzan", "order", "referrer", **key, person=pl.col("referrer"), phone=pl.col("referrer_phone")
        ),
    ]  # fmt: skip
    lists = [youzan.shown_shoppers(world, moment) for moment in youzan.snapshot_times(world)]
    lists += [youzan.changed_shoppers(world, period) for period in _days(world, until)]
    return found + [_shoppers(world, shown) for shown in lists]


def _days(world: World, until: int) -> list[Period]:
    return [daily(world.span, day + 1) for day in range((until - world.span.end) // DAY)]


def _shoppers(world: World, shown: pl.DataFrame) -> pl.DataFrame:
    masked = pl.col("is_masked")
    since = youzan.joined_text(world)
    name = pl.when(pl.col("name_shown") != "").then("name_shown")  # parts that say nothing are left out
    masked_key = pl.concat_str("phone_shown", name, since, separator="/", ignore_nulls=True)
    return frame(
        shown, "youzan", "customer", "member", account=YOUZAN_SHOP, person=pl.col("person"),
        natural_key=pl.when(masked).then(masked_key).otherwise("phone_shown"),
        phone=pl.when(masked).then(d.text("")).otherwise("phone_text"),
        any_phone=pl.col("phone"), at=pl.col("at"),
        name_kind=pl.when(masked & (pl.col("name") != "")).then(MASKED).otherwise("name_kind"),
        phenomenon=pl.when(masked).then(d.text("masked_member")).otherwise(d.text("")),
    )  # fmt: skip


def pos_parties(world: World, until: int) -> list[pl.DataFrame]:
    """Members of the tills, and those of the tickets that show a card."""
    accounts = list(POS_ACCOUNTS)
    tickets = pos.tickets(world).filter((pl.col("moment") < until) & (pl.col("card") != ""))
    tickets = tickets.with_columns(account_name=d.gather(accounts, tickets["account"]))
    key = {"account": pl.col("account_name"), "card": pl.col("card")}
    found = [
        frame(
            tickets,
            "pos",
            "order",
            "member",
            **key,
            natural_key=pl.col("sn"),
            person=pl.col("buyer"),
            order=pl.col("order"),
        )
    ]
    lists = [pos.shown_cards(world, moment) for moment in pos.member_times(world)]
    lists += [pos.changed_cards(world, period) for period in _days(world, until)]
    kinds = {OWN: "", CLERK: "clerk_phone", SHOP: "shop_phone", PLACEHOLDER: "placeholder_phone"}
    for shown in lists:
        rows = shown.with_columns(account_name=d.gather(accounts, shown["account"]))
        kind = pl.col("phone_kind")
        found.append(
            frame(
                rows, "pos", "customer", "member", **key, natural_key=pl.col("card"), person=pl.col("person"),
                phone=pl.when(kind == OWN).then("phone_text").otherwise(d.text("")),
                any_phone=pl.when(kind == OWN).then("phone").otherwise(-1), at=pl.col("at"),
                name_kind=pl.col("name_kind"), national_id=pl.col("national_id"),
                phenomenon=kind.replace_strict(list(kinds), list(kinds.values()), return_dtype=pl.String),
            )
        )  # fmt: skip
    return found


def wechat_oa_parties(world: World, until: int) -> list[pl.DataFrame]:
    """Followers of the official accounts."""
    moments = [*wechat_oa.snapshot_times(world)]
    lists = [wechat_oa.shown_followers(world, moment) for moment in moments]
    lists += [wechat_oa.changed_followers(world, period) for period in _days(world, until)]
    found = []
    for shown in lists:
        rows = shown.with_columns(appid=d.gather(list(APPIDS), shown["official"]))
        found.append(
            frame(
                rows, "wechat_oa", "customer", "contact", account=pl.col("appid"), natural_key=pl.col("openid"),
                person=pl.col("person"), openid=pl.col("openid"), unionid=pl.col("unionid_shown"),
            )
        )  # fmt: skip
    return found


def wecom_parties(world: World, until: int) -> list[pl.DataFrame]:
    """Contacts of WeCom."""
    contacts = wecom.with_cells(world).filter(pl.col("at") < until)
    says_phone = pl.col("has_mobile") | pl.col("remark").is_in([REMARK_TITLE_PHONE, REMARK_NAME_PHONE])
    return [
        frame(
            contacts, "wecom", "customer", "contact", account=CORPID, person=pl.col("person"),
            natural_key=pl.concat_str("external_userid", "userid", separator="/"),
            external=pl.col("external_userid"), unionid=pl.col("unionid"),
            phone=pl.when(says_phone).then("phone_plain").otherwise(d.text("")),
        )
    ]  # fmt: skip


def wechatpay_parties(world: World, until: int) -> list[pl.DataFrame]:
    """Payers of the bills."""
    bill = wechatpay.bill_rows(world).filter(pl.col("moment") < until)
    number = pl.when(pl.col("refund")).then(pl.concat_str("transaction", "refund_no", separator="/"))
    label = pl.when(pl.col("payer") != pl.col("buyer")).then(d.text("paid_by_other")).otherwise(d.text(""))
    return [
        frame(
            bill, "wechatpay", "payment", "payer", account=MERCHANT, natural_key=number.otherwise("transaction"),
            person=pl.col("payer"), openid=pl.col("openid"), order=pl.col("order"), phenomenon=label,
        )
    ]  # fmt: skip


def sms_parties(world: World, until: int) -> list[pl.DataFrame]:
    """The holders of the numbers that campaigns went to and answers came from."""
    sent = aliyun_sms.receipts(world).filter(pl.col("at") < until)
    replies = world.messages.replies.filter(pl.col("at") < until)
    replies = replies.with_columns(phone_plain=d.gather(world.contacts.phone_text, replies["phone"]))
    common = {
        "account": d.text(SMS_ACCOUNT), "person": pl.col("person"), "phone": pl.col("phone_plain"),
        "any_phone": pl.col("phone"), "at": pl.col("at"),
    }  # fmt: skip
    return [
        frame(
            sent, "aliyun_sms", "message", "contact", **common,
            natural_key=pl.concat_str("biz_id", "phone_plain", separator="/"),
        ),
        frame(
            replies, "aliyun_sms", "message", "contact", **common,
            natural_key=aliyun_sms.sequence_id().cast(pl.String),
        ),
    ]  # fmt: skip


def service_parties(world: World, until: int) -> list[pl.DataFrame]:
    """Who called the service department."""
    rows = after_sales.with_cells(world).filter(pl.col("at") < until)
    return [
        frame(
            rows, "after_sales", "ticket", "contact", account=SERVICE_ACCOUNT, natural_key=pl.col("ticket_no"),
            person=pl.col("person"), **_delivery(~pl.col("phone_typo")),
        ).with_columns(any_phone=pl.when(rows["phone_typo"]).then(-1).otherwise("any_phone"))
    ]  # fmt: skip


def shopify_parties(world: World, until: int) -> list[pl.DataFrame]:
    """Buyers, receivers and customers of the international shop."""
    orders = world.sales.orders.filter((pl.col("channel") == SHOPIFY) & (pl.col("at") < until))
    rows = shopify.with_cells(world, orders)
    key = {"account": d.text(SHOPIFY_SHOP), "natural_key": pl.col("order_no"), "order": pl.col("order")}
    own_phone = d.gather(world.contacts.phone_text, orders["account_phone"])
    rows = rows.with_columns(phone_plain=d.gather(world.contacts.phone_text, orders["phone"]), own_phone=own_phone)
    found = [
        frame(
            rows, "shopify", "order", "buyer", **key, person=pl.col("buyer"), name_kind=pl.lit(EXACT),
            email=pl.when(pl.col("email_wrong")).then(d.text("")).otherwise("email"),
            phone=pl.when(pl.col("gives_phone")).then("own_phone").otherwise(d.text("")),
        ),
        frame(
            rows, "shopify", "order", "receiver", **key, person=pl.col("receiver"), phenomenon=_gift(True),
            **{**_delivery(pl.lit(True)), "name_kind": pl.lit(EXACT), "home_kind": pl.lit(0)},
        ),
    ]  # fmt: skip
    moments = [*shopify.snapshots(world), *((period.exported_at, False) for period in _days(world, until))]
    return found + [_shopify_customers(world, moment, old) for moment, old in moments]


def _shopify_customers(world: World, moment: int, old: bool) -> pl.DataFrame:
    shown = shopify.shown_customers(world, moment)
    shown = shown.with_columns(home=world.people.home[shown["person"].to_numpy()])
    return frame(
        shown, "shopify", "customer", "member", account=SHOPIFY_SHOP, person=pl.col("person"),
        natural_key=pl.col("email" if old else "customer_id"),
        customer=d.text("") if old else pl.col("customer_id"),
        email=pl.col("email"), phone=pl.col("phone").str.strip_prefix("+"),
        name_kind=pl.lit(EXACT), home=pl.col("home"),
    )  # fmt: skip


_SOURCES: Final[dict[str, Callable[[World, int], list[pl.DataFrame]]]] = {
    "tmall": tmall_parties,
    "jd": jd_parties,
    "youzan": youzan_parties,
    "pos": pos_parties,
    "wechat_oa": wechat_oa_parties,
    "wecom": wecom_parties,
    "wechatpay": wechatpay_parties,
    "aliyun_sms": sms_parties,
    "after_sales": service_parties,
    "shopify": shopify_parties,
    "loyalty": loyalty_parties,
    "referral": referral_parties,
    "campaigns": campaign_parties,
    "sensors": sensors_parties,
    "qr": qr_parties,
    "store_visits": visit_parties,
    "partner": partner_parties,
    "ocean_engine": ocean_parties,
    "review": review_parties,
}


def observations(world: World, until: int, sources: Collection[str]) -> pl.DataFrame:
    """All observations of the files of some sources up to a moment, with the phenomenon that explains each.

    The phenomenon of the record itself wins over that of the person, except a mask, which is only named where
    nothing else is the matter.
    """
    everything = pl.concat(
        [seen for name, parties in _SOURCES.items() if name in sources for seen in parties(world, until)]
    )
    own = d.gather(world.phenomena.label(), np.maximum(everything["person"].to_numpy(), 0))
    told = pl.col("phenomenon")
    weak = told.is_in(["", "masked_receiver", "masked_member", "paid_by_other"])
    named = (
        pl.when(~weak)
        .then(told)
        .when(pl.col("own") != "plain")
        .then(pl.col("own"))
        .when(told != "")
        .then(told)
        .when((pl.col("home") >= 0) & (pl.col("name_kind") != EXACT))
        .then(d.text("name_variant"))
        .otherwise(d.text("plain"))
    )
    return everything.with_columns(own=own).with_columns(phenomenon=named).drop("own")
