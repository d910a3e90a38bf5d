"""What a rule may ask for, in the words of the published run: columns, tags, events, with their values and counts."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import segments.api
from common import labels
from segments.api import AskableColumn, AskableTag, Seen

FEW: Final = 60  # so many values are shown to choose from; more are typed
_KNOWN_FOR: Final = ("as_of_date", "value_model_run", "devices", "lifecycle_stage_zh", "next_best_product")

_GROUPS: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "stage": ("生命周期与分群", "Stage and segments", (
        "lifecycle_stage", "ladder_step", "rfm_group", "r_score", "f_score", "m_score", "fm_score", "loyalty_band",
        "loyalty_score", "satisfaction_band", "satisfaction_score", "price_sensitivity", "price_level")),
    "purchases": ("购买", "Purchases", (
        "recency_days", "n_orders", "n_purchases", "n_purchases_365d", "frequency", "first_order_date",
        "last_order_date", "last_order_channel", "preferred_store_id", "net_amount_cny", "net_amount_365d_cny",
        "monetary_cny", "gross_amount_cny", "discount_amount_cny", "discount_share", "coupon_order_share", "n_returns",
        "net_amount_marketplace_cny", "net_amount_online_store_cny", "net_amount_store_cny",
        "net_amount_international_cny", "preferred_category_365d", "preferred_channel_365d")),
    "value": ("价值与预测", "Value and forecasts", (
        "clv_12m_cny", "clv_tier", "p_alive", "p_buy_30d", "p_buy_90d", "p_buy_365d", "p_churn_365d", "churn_risk",
        "days_to_churned", "next_purchase_date", "next_purchase_from", "next_purchase_to", "expected_purchases_365d",
        "expected_order_value_cny", "next_best_product_title", "bundle_gap_category")),
    "member": ("会员与资产", "Membership and assets", (
        "is_member", "member_since_at", "member_level", "points_balance", "stored_value_balance", "n_devices")),
    "reach": ("触达", "Reach", (
        "is_wechat_oa_follower", "is_wecom_contact", "has_phone", "has_email", "reach_sms", "reach_email",
        "reach_wechat_oa", "reach_wecom")),
    "service": ("服务", "Service", ("n_tickets", "last_ticket_at")),
    "person": ("人口与地区", "People and places", (
        "gender", "age_band", "birth_year", "province", "city", "district", "country", "household_id",
        "n_household_members", "province_code", "city_code", "district_code")),
}  # fmt: skip
_REST: Final = ("来源与其他", "Sources and others")


@dataclass(frozen=True)
class Choice:
    """A value to choose, with how many people or rows have it."""

    value: str
    zh: str
    en: str
    n: int | None = None


@dataclass(frozen=True)
class Asked:
    """A column that may be asked for.

    Attributes:
        family: number, text, date, timestamp, boolean, list or other.
        choices: its values where they are few; empty where they are typed.
    """

    name: str
    family: str
    zh: str
    en: str
    group: str
    about_zh: str = ""
    about_en: str = ""
    choices: tuple[Choice, ...] = ()
    range_zh: str = ""
    range_en: str = ""


@dataclass(frozen=True)
class Vocabulary:
    """Everything that a rule may ask for.

    Attributes:
        columns: of customer.customer_360, by name.
        tags: by name; the choices of each are its values.
        events: what `type`, `channel`, `store_id`, `campaign` of events may be.
        kinds: of each type of event, what its `subtype` and its `channel` may be.
        orders: the same of `channel`, `source`, `store_id`, `category` of orders.
        durables: `category` and `status` of durables.
    """

    columns: dict[str, Asked]
    tags: dict[str, Asked]
    events: dict[str, tuple[Choice, ...]]
    orders: dict[str, tuple[Choice, ...]]
    durables: dict[str, tuple[Choice, ...]]
    groups: dict[str, tuple[str, str]] = field(default_factory=dict)
    kinds: dict[str, dict[str, tuple[Choice, ...]]] = field(default_factory=dict)

    def happened(self, types: Sequence[str], name: str) -> tuple[Choice, ...]:
        """What `subtype`, `channel`, `store_id` or `campaign` of some types of events may be.

        Args:
            types: the types that were chosen; none stands for all of them.
            name: of the field.
        """
        known = [self.kinds[one] for one in types if one in self.kinds]
        if name not in ("subtype", "channel") or not known:
            return self.events.get(name, ())
        found: dict[str, Choice] = {}
        for kind in known:
            for one in kind.get(name, ()):
                before = found.get(one.value)
                found[one.value] = replace(one, n=(one.n or 0) + (before.n or 0)) if before else one
        return tuple(sorted(found.values(), key=lambda one: (-(one.n or 0), one.value)))

    def family(self, column: str) -> str:
        """The family of a column; text where the run has no such column."""
        return self.columns[column].family if column in self.columns else "text"


def arrange(told: segments.api.Vocabulary) -> Vocabulary:
    """The run's vocabulary, arranged for choosing.

    Args:
        told: as `segments` reads it.
    """
    by_name = {one.name: one for one in told.columns}
    columns: dict[str, Asked] = {}
    for group, (_, _, names) in _GROUPS.items():
        columns |= {name: _column(by_name[name], group) for name in names if name in by_name}
    for name, one in by_name.items():
        if name not in columns and name not in _KNOWN_FOR:
            columns[name] = _column(one, "rest")
    return Vocabulary(
        columns=columns,
        tags={one.tag: _tag(one) for one in told.tags},
        events={
            "type": tuple(Choice(one.type, one.label.zh, one.label.en, one.n) for one in told.events),
            "subtype": (),
            "channel": _summed(one.channels for one in told.events),
            "store_id": _choices(told.stores),
            "campaign": _choices(told.campaigns),
        },
        orders={
            "channel": _choices(told.order_channels),
            "source": _choices(told.order_sources),
            "store_id": _choices(told.stores),
            "category": _choices(told.categories),
        },
        durables={
            "category": _choices(told.durable_categories),
            "status": tuple(Choice(one, *pair) for one, pair in labels.names("durable_status").items()),
        },
        kinds={one.type: {"subtype": _choices(one.subtypes), "channel": _choices(one.channels)} for one in told.events},
        groups={key: (zh, en) for key, (zh, en, _) in _GROUPS.items()} | {"rest": _REST},
    )


def _column(one: AskableColumn, group: str) -> Asked:
    seen = {choice.value: choice for choice in one.values}
    # Values that there can be and that nobody has now are worth asking for, too.
    more = tuple(
        Seen(value, 0, _label(labels.of_column(one.name, value))) for value in one.accepted or () if value not in seen
    )
    more = more if one.family == "text" else ()
    low, high = one.seen_low, one.seen_high
    told = low is not None and high is not None and one.family in ("number", "date", "timestamp")
    zh, en = (f"{_plain(low)} 至 {_plain(high)}", f"{_plain(low)} to {_plain(high)}") if told else ("", "")
    return Asked(
        one.name, one.family, trimmed(one.label.zh), trimmed(one.label.en), group, one.meaning.zh, one.meaning.en,
        () if one.family == "boolean" else _choices((*one.values, *more)), zh, en,
    )  # fmt: skip


def _tag(one: AskableTag) -> Asked:
    return Asked(one.tag, "text", one.label.zh, one.label.en, "tag", one.description.zh, one.description.en,
                 _choices(one.values))  # fmt: skip


def _choices(values: Sequence[Seen]) -> tuple[Choice, ...]:
    if len(values) > FEW:
        return ()
    found = []
    for one in values:
        zh, en = (one.label.zh, one.label.en) if one.label else (one.value, one.value)
        found.append(Choice(one.value, zh, en, one.n))
    return tuple(found)


def _summed(groups: Iterable[Sequence[Seen]]) -> tuple[Choice, ...]:
    counts: Counter[str] = Counter()
    named: dict[str, segments.api.Label | None] = {}
    for group in groups:
        counts.update({one.value: one.n for one in group})
        named |= {one.value: one.label for one in group}
    return _choices([Seen(value, n, named[value]) for value, n in counts.most_common()])


def _label(name: labels.Pair | None) -> segments.api.Label | None:
    return segments.api.Label(zh=name[0], en=name[1]) if name else None


def trimmed(label: str) -> str:
    """A short name without the words that a truth value's description begins with."""
    text = label.removeprefix("是否").strip()
    for head in ("Whether the person is ", "Whether the person ", "Whether "):
        text = text.removeprefix(head)
    return text[:1].upper() + text[1:]


def _plain(value: object) -> str:
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return f"{value:,.6g}" if isinstance(value, int | float) else str(value)
