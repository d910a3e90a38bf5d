"""Campaigns: whom they reached, what came of it, and how much of that would not have come anyway."""

from collections import defaultdict
from typing import Any, Final
from zoneinfo import ZoneInfo

import duckdb

from console.data.rows import Row, has_table, rows

# The steps of a campaign in order, as columns of marts.campaign_arm.
STEPS: Final = (
    ("n_people", "入组", "in the arm"),
    ("n_sent", "已发送", "sent"),
    ("n_delivered", "已送达", "delivered"),
    ("n_opened", "打开", "opened"),
    ("n_clicked", "点击", "clicked"),
    ("n_visited", "到访", "visited"),
    ("n_carted", "加购", "put into the cart"),
    ("n_ordered", "下单", "ordered"),
    ("n_converted", "有效购买", "bought and kept it"),
    ("n_returned", "退货退款", "gave back"),
)
# Shown first when a campaign's arms differ.
VERDICTS: Final = ("shown", "not shown", "too small", "no holdout")
_CAMPAIGNS: Final = """
    with arms as (
        select campaign_code, any_value(campaign_name) as campaign_name,
               string_agg(distinct channel, ',' order by channel) as channels,
               (min(first_assigned_at) at time zone 'UTC' at time zone $zone)::date as assigned_date,
               bool_and(is_window_complete) as is_window_complete,
               (sum(n_people) filter (where not is_holdout))::bigint as n_people,
               (sum(n_people) filter (where is_holdout))::bigint as n_holdout,
               (sum(n_delivered) filter (where not is_holdout))::bigint as n_delivered,
               (sum(n_orders) filter (where not is_holdout))::bigint as n_orders,
               sum(net_amount_cny) filter (where not is_holdout) as net_amount_cny, sum(cost_cny) as cost_cny
        from marts.campaign_arm group by campaign_code
    )
    select coalesce(a.campaign_code, c.campaign_code) as campaign_code,
           coalesce(c.campaign_name, a.campaign_name) as campaign_name, c.campaign_kind, c.status,
           coalesce(a.channels, c.channel) as channels, coalesce(c.start_date, a.assigned_date) as start_date,
           c.end_date, a.* exclude (campaign_code, campaign_name, channels)
    from arms as a full join core.campaign as c using (campaign_code)
    order by start_date desc nulls last, campaign_code
"""
_EFFECTS: Final = "select * from marts.campaign_effect order by campaign_code, arm"
_ARMS: Final = "select * from marts.campaign_arm where campaign_code = ? order by is_holdout, arm"

# What a campaign is split by beside its arms, in the order of the tabs.
BREAKDOWNS: Final = {
    "store": ("门店", "Store"), "staff": ("员工", "Staff"), "channel": ("渠道", "Channel"),
}  # fmt: skip
FIRST: Final = 30
_BREAKDOWN: Final = """
    select * from marts.campaign_breakdown where campaign_code = ? and breakdown = ?
    order by breakdown_value = 'unknown', n_people desc, breakdown_value
"""


def campaigns(con: duckdb.DuckDBPyConnection, zone: ZoneInfo) -> dict[str, Any]:
    """All campaigns, the newest first, each with what its arms brought, and the scale that they share.

    Args:
        con: the published run.
        zone: the brand's; a campaign that no file lists began on the day that it was there when people were assigned.
    """
    effects: dict[str, list[Row]] = defaultdict(list)
    for row in rows(con, _EFFECTS):
        effects[row["campaign_code"]].append(row)
    found = rows(con, _CAMPAIGNS, {"zone": str(zone)})
    for row in found:
        row["effects"] = [one for one in effects[row["campaign_code"]] if one["verdict"] != "no holdout"]
        said = {one["verdict"] for one in effects[row["campaign_code"]]}
        row["verdict"] = next((one for one in VERDICTS if one in said), None)
    everything = [one for row in found for one in row["effects"]]
    return {"campaigns": found, "scale": scale(everything, "net_uplift_per_head", "_cny")}


def campaign(con: duckdb.DuckDBPyConnection, code: str, zone: ZoneInfo) -> dict[str, Any] | None:
    """One campaign with its arms and their effects; None where there is no such campaign."""
    listed = rows(con, _CAMPAIGNS, {"zone": str(zone)})
    facts = next((row for row in listed if row["campaign_code"] == code), None)
    if facts is None:
        return None
    arms = rows(con, _ARMS, [code])
    effects = [row for row in rows(con, _EFFECTS) if row["campaign_code"] == code]
    for row in effects:
        row["meaning_zh"], row["meaning_en"] = meaning(row)
    most = max((arm["n_people"] for arm in arms), default=0)
    return {
        "facts": facts,
        "arms": arms,
        "effects": effects,
        "steps": [step for step in STEPS if any(arm[step[0]] for arm in arms)],
        "most_people": most,
        "rate_scale": scale(effects, "conversion_uplift", ""),
        "money_scale": scale(effects, "net_uplift_per_head", "_cny"),
    }


def breakdown(con: duckdb.DuckDBPyConnection, code: str, by: str) -> dict[str, Any] | None:
    """A campaign by channel, store or staff; None in a run of an earlier version, or where there is nothing."""
    if not has_table(con, "marts.campaign_breakdown"):
        return None
    found = rows(con, _BREAKDOWN, [code, by])
    if not found:
        return None
    compared = [row for row in found if row["net_uplift_per_head_cny"] is not None]
    return {
        "rows": found,
        "scale": scale(compared, "net_uplift_per_head", "_cny"),
        "confidence": max(row["confidence"] for row in found),
        "n_compared": len(compared),
    }


def scale(effects: list[Row], name: str, unit: str) -> tuple[float, float]:
    """The least and the most of all intervals, zero among them; the one scale that all are drawn on."""
    ends = [row[f"{name}_{end}{unit}"] for row in effects for end in ("low", "high")]
    known = [0.0, *(end for end in ends if end is not None)]
    margin = (max(known) - min(known)) * 0.05
    return min(known) - margin, max(known) + margin


def meaning(effect: Row) -> tuple[str, str]:
    """What an arm's verdict on net revenue means, in plain words, in Chinese and English."""
    verdict = effect["verdict"]
    if verdict == "no holdout":
        return (
            "没有对照组，因此不知道其中多少订单本来就会发生。下次导出时留出 10% 不发，即可比较。",
            "There was no holdout, so nobody knows how many of these orders would have come anyway. Hold out 10 % next "
            "time, and it can be told.",
        )
    if verdict == "too small":
        return (
            "人数或购买太少，算不出可信的区间：两侧各至少 30 人，合计至少 10 名购买者。",
            "Too few people or buyers for an interval to be trusted: it takes 30 people a side and ten buyers in all.",
        )
    middle, low, high = (effect[f"net_uplift_per_head{end}_cny"] for end in ("", "_low", "_high"))
    if verdict == "shown":
        more = middle > 0
        return (
            f"与对照组相比，每人{'多' if more else '少'}花 {abs(middle):,.2f} 元；区间不含 0，"
            f"可以认为是活动{'带来' if more else '造成'}的。",
            f"Against the holdout each person spent {abs(middle):,.2f} yuan {'more' if more else 'less'}; the interval "
            "leaves out 0, so the campaign did it.",
        )
    needed = people_needed(middle, low, high, effect["n_people"])
    zh = "区间包含 0：看到的差别可能只是偶然。这不等于没有效果，只是这次看不出来。"
    en = (
        "The interval spans 0: the difference may be chance. That does not mean that the campaign did nothing, only "
        "that this does not show it."
    )
    if needed:
        zh += f"若真实差别就是这么大，该分组约需 {needed:,} 人（对照组同比例）才看得出来。"
        en += (
            f" If the difference is as large as it looks, an arm of about {needed:,} people, with a holdout in "
            "proportion, would show it."
        )
    return zh, en


def people_needed(middle: float | None, low: float | None, high: float | None, n_people: int) -> int | None:
    """How many people an arm would take for an interval of the same spread to leave out zero, to two digits.

    The half width of an interval shrinks with the root of the number of people. None where that says nothing: no
    difference at all, or more than a hundred times as many people.
    """
    if not middle or low is None or high is None:
        return None
    times = ((high - low) / 2 / abs(middle)) ** 2
    if times <= 1 or times > 100:
        return None
    exact = n_people * times
    digits = 10 ** max(len(str(int(exact))) - 2, 0)
    return int(-(-exact // digits) * digits)
