"""A person's timeline: everything that any touchpoint tells of them, by day, newest first.

Events of one day that are alike (ten pages viewed, five messages sent) are one entry. Orders are told once, from the
orders and not from the events that follow from them.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from console.data.rows import Row, rows
from console.times import local
from console.words import Pair
from segments.api import Published

DAYS: Final = 20
# Kinds to filter by: what they are called, and the types of events that belong to them.
KINDS: Final[dict[str, tuple[Pair, tuple[str, ...]]]] = {
    "order": (("订单", "Orders"), ("order", "refund", "payment")),
    "browse": (
        ("线上浏览", "Browsing"),
        ("visit", "page_view", "view_product", "add_to_cart", "checkout", "login", "sign_up", "search"),
    ),
    "message": (
        ("消息", "Messages"),
        (
            "message_sent", "message_delivered", "message_failed", "message_opened", "message_clicked",
            "message_replied", "message_bounced", "message_complained", "message_unsubscribed",
        ),
    ),
    "store": (("到店", "Store visits"), ("store_visit", "scan", "wifi")),
    "service": (
        ("服务与评价", "Service and reviews"), ("ticket_opened", "ticket_solved", "ticket_closed", "review", "call"),
    ),
    "follow": (("关注", "Follows"), ("follow", "unfollow", "add_friend", "remove_friend", "member_joined")),
    "asset": (
        ("积分券储值", "Points, coupons, stored value"),
        (
            "coupon_issued", "coupon_redeemed", "coupon_expired", "points_earned", "points_spent", "points_expired",
            "stored_value_topped_up", "stored_value_spent", "stored_value_refunded",
        ),
    ),
    "lead": (
        ("线索与推荐", "Leads and referrals"),
        ("lead_created", "lead_followed", "lead_converted", "lead_lost", "referral"),
    ),
    "campaign": (("活动", "Campaigns"), ("campaign",)),
    "consent": (("授权", "Consent"), ("consent",)),
}  # fmt: skip
_KIND_OF: Final = {event: kind for kind, (_, events) in KINDS.items() for event in events}

# Types that follow from an order or say again what an order says.
_OF_ORDERS: Final = (
    "order_created", "order_paid", "order_shipped", "order_completed", "order_closed", "purchase", "refund", "payment",
)  # fmt: skip
# Read once for a request: the events of a large brand lie by type and day, and are scanned for one person.
_ENTRIES: Final = """
    create or replace temp table timeline_entry as
    with entry as (
        select event_date as day, event_at as happened_at, type, subtype, channel,
            coalesce(store_id, store_code) as store, campaign, value_num as amount, null as unit, order_key, ref_no,
            coalesce(product_title, product_code) as product, staff_code, partner_code
        from core.events left join core.product using (product_code)
        where one_id = $one_id and not list_contains($of_orders, type)
        union all
        select ordered_date, ordered_at, case when is_return then 'refund' else 'order' end, status, channel,
            coalesce(store_id, store_code), null, net_amount_cny, 'CNY', order_key, order_no, null, staff_code, null
        from core.orders where one_id = $one_id
        union all
        select cast(assigned_at at time zone 'UTC' at time zone $zone as date), assigned_at, 'campaign',
            case when is_holdout then 'holdout' else arm end, channel, null, campaign_code, null, null, null, null,
            null, null, null
        from core.campaign_member where one_id = $one_id
        union all
        select cast(stated_at at time zone 'UTC' at time zone $zone as date), stated_at, 'consent', state, channel,
            basis, null, null, null, null, null, null, null, null
        from core.consent where one_id = $one_id
    )
    select * from entry where day is not null
"""
_PAGE: Final = """
    with wanted as (select * from timeline_entry where len($types) = 0 or list_contains($types, type)),
    page as (select distinct day from wanted order by day desc limit $days offset $skip)
    select day, type, subtype, channel, store, campaign, unit, order_key,
        min(happened_at) as first_at, max(happened_at) as last_at,
        count(*) as n, sum(amount) as amount, list(distinct product order by product) as products,
        list(distinct ref_no order by ref_no) as refs, any_value(staff_code) as staff,
        any_value(partner_code) as partner
    from wanted semi join page using (day)
    group by all order by day desc, last_at desc, type, subtype, channel, order_key
"""
_GOODS: Final = """
    select order_key, list(title order by line_no) as titles from core.order_lines
    where one_id = $one_id and list_contains($orders, order_key) and title is not null and not coalesce(is_gift, false)
    group by order_key
"""
_COUNTS: Final = "select type, count(*) as n from timeline_entry group by type"


@dataclass(frozen=True)
class Day:
    """What happened on one day, the last first."""

    date: dt.date
    entries: Sequence[Row]


@dataclass(frozen=True)
class Timeline:
    """A page of a person's days, newest first.

    Attributes:
        has_more: whether there are earlier ones.
        counts: how many entries of each kind there are in all; kinds without any are left out.
    """

    days: Sequence[Day]
    has_more: bool
    counts: dict[str, int]


def timeline(published: Published, one_id: str, kind: str = "", page: int = 1) -> Timeline:
    """A page of days on which something happened.

    Args:
        published: the published run.
        one_id: an active OneID.
        kind: one of `KINDS`, or empty for all.
        page: from 1.
    """
    con = published.con
    zone = published.calendar.time_zone
    con.execute(_ENTRIES, {"one_id": one_id, "of_orders": list(_OF_ORDERS), "zone": zone.key})
    asked = {
        "types": list(KINDS[kind][1]) if kind in KINDS else [],
        "days": DAYS + 1,
        "skip": DAYS * (max(page, 1) - 1),
    }
    found = rows(con, _PAGE, asked)
    orders = [row["order_key"] for row in found if row["type"] in ("order", "refund") and row["order_key"]]
    goods = {
        row["order_key"]: row["titles"] for row in rows(con, _GOODS, {"one_id": one_id, "orders": orders}) if orders
    }
    for row in found:
        row["kind"] = _KIND_OF.get(row["type"], "")
        row["titles"] = goods.get(row["order_key"], []) if row["type"] in ("order", "refund") else []
        row["first_at"], row["last_at"] = (at and local(at, zone) for at in (row["first_at"], row["last_at"]))
    days = [Day(day, list(entries)) for day, entries in groupby(found, key=lambda row: row["day"])]
    return Timeline(days[:DAYS], len(days) > DAYS, _counts(published))


def _counts(published: Published) -> dict[str, int]:
    totals: dict[str, int] = {}
    for row in rows(published.con, _COUNTS):
        kind = _KIND_OF.get(row["type"], "")
        totals[kind] = totals.get(kind, 0) + row["n"]
    return {kind: totals[kind] for kind in KINDS if kind in totals}
