"""What the brand sells and plans: articles, prices, commissions, targets, campaigns, holidays.

Who is to sell it is in `brand`; what its advertisements cost is in `advertising`.
"""

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from simulator.advertising import PLANS as AD_PLANS
from simulator.advertising import TOLD_DAYS
from simulator.brand import DIRECTOR, store_code, till_code
from simulator.campaigns import PLANS as CAMPAIGNS
from simulator.campaigns import WINDOW_DAYS
from simulator.catalogue import BRAND, CATEGORIES, N_TIERS
from simulator.people import DAY
from simulator.presence import JD, POS, SHOPIFY, TMALL, YOUZAN
from simulator.referrals import PROGRAMME
from simulator.words import table

if TYPE_CHECKING:
    from simulator.model import World

# What the brand's people call the categories.
SHORT_NAMES: Final = (
    "热水器", "净水器", "油烟机", "燃气灶", "洗碗机", "智能马桶", "滤芯", "镁棒", "前置滤网", "清洁剂", "清洁剂",
    "洗碗耗材", "马桶滤盒", "花洒",
)  # fmt: skip
_CYCLE_MONTHS: Final = {6: 12, 7: 24, 8: 12, 9: 6, 10: 6, 11: 3, 12: 6}
_HOST: Final = {6: 1, 7: 0, 8: 1, 9: 2, 11: 4, 12: 5}
_CNY_PER_SMS: Final = 0.045
_GROWTH: Final = 1.1
_CHANNELS: Final = {"marketplace": (TMALL, JD), "online_store": (YOUZAN,), "store": (POS,), "international": (SHOPIFY,)}
# Festivals of trade: name, first and last day as month and day.
_FESTIVALS: Final = (
    ("38女神节", (3, 1), (3, 8)), ("618", (6, 1), (6, 20)), ("双11", (11, 1), (11, 12)), ("双12", (12, 10), (12, 12)),
)  # fmt: skip


def money(amount: float) -> str:
    """An amount as the brand's lists write it."""
    return f"{amount:.2f}"


def article_list(world: "World") -> pl.DataFrame:
    """商品档案: one row per article."""
    rows, goods = [], world.goods
    for product in range(len(goods.sku)):
        number, tier = divmod(product, N_TIERS)
        kind, price = CATEGORIES[number], float(goods.price[product])
        launched = world.span.start - timedelta(days=120 + 97 * tier + 31 * number)
        rows.append(
            {
                "商品编码": str(goods.sku[product]),
                "商品名称": str(goods.title[product]),
                "规格型号": str(goods.spec[product]).removeprefix("颜色分类:"),
                "品类": SHORT_NAMES[number],
                "系列": str(goods.title[product]).rsplit(" ", 1)[-1],
                "品牌": BRAND,
                "国际条码": f"69{71000000000 + product * 37:011d}",
                "单位": "台" if kind.durable else "件",
                "标准售价": money(price),
                "成本价": money(round(price * (0.56 if kind.durable else 0.34), 2)),
                "是否耐用品": "是" if kind.durable else "否",
                "使用寿命(年)": f"{kind.life_years:g}" if kind.durable else "",
                "更换周期(月)": str(_CYCLE_MONTHS.get(number, "")),
                "适用主机": str(goods.sku[_HOST[number] * N_TIERS + 2]) if number in _HOST else "",
                "上市日期": launched.isoformat(),
            }
        )
    return pl.DataFrame(rows)


def price_list(world: "World") -> pl.DataFrame:
    """商品价格表: standard and members' prices, and those of the festivals of trade."""
    rows, goods = [], world.goods
    start = world.span.start - timedelta(days=120)
    festivals = _festival_days(world)
    for product in range(len(goods.sku)):
        price = float(goods.price[product])
        spans: list[tuple[str, str, float, date, date | None]] = [
            ("标准价", "全渠道", price, start, None),
            ("会员价", "门店", round(price * 0.95), start, None),
        ]
        if CATEGORIES[product // N_TIERS].durable:
            spans += [("大促价", "电商", round(price * 0.88), first, last) for _, first, last in festivals]
        for kind, channel, amount, first, last in spans:
            rows.append(
                {
                    "商品编码": str(goods.sku[product]),
                    "商品名称": str(goods.title[product]),
                    "价格类型": kind,
                    "渠道": channel,
                    "价格": money(amount),
                    "生效日期": first.isoformat(),
                    "失效日期": last.isoformat() if last else "",
                }
            )
    return pl.DataFrame(rows)


def _festival_days(world: "World") -> list[tuple[str, date, date]]:
    span = world.span
    years = range(span.start.year, span.as_of.year + 1)
    every = [(name, date(year, *first), date(year, *last)) for year in years for name, first, last in _FESTIVALS]
    return [
        (name, first, last) for name, first, last in every if world.span.start <= last and first <= world.span.as_of
    ]


def holiday_list(world: "World") -> pl.DataFrame:
    """节假日: the published holidays, the workdays in exchange, and the festivals of trade; one row a day."""
    spans = [(name, date.fromisoformat(a), date.fromisoformat(b), kind) for name, a, b, kind in table("holidays")]
    spans += [(name, first, last, "购物节") for name, first, last in _festival_days(world)]
    last_day = world.span.as_of + timedelta(days=120)
    rows = []
    for name, first, last, kind in spans:
        for day in (first + timedelta(days=i) for i in range((last - first).days + 1)):
            if world.span.start <= day <= last_day:
                works = "" if kind == "购物节" else "是" if kind == "调休上班" else "否"
                rows.append({"日期": day.isoformat(), "节假日名称": name, "节假日类型": kind, "是否上班": works})
    return pl.DataFrame(rows).sort("日期", "节假日名称")


def target_list(world: "World") -> pl.DataFrame:
    """销售目标 of the last twelve months and the next two by brand, channel, store, till: a year ago and some more."""
    rng = world.streams("targets")
    made = _sales_by_month(world)
    this = world.span.as_of.year * 12 + world.span.as_of.month - 1
    rows: list[tuple[str, str, str, float, int | None, int | None]] = []
    for month in range(this - 11, this + 3):
        told = f"{month // 12}-{month % 12 + 1:02d}"
        brand = 0.0
        for channel, numbers in _CHANNELS.items():
            amount = _planned(made.filter(pl.col("channel").is_in(numbers)), month) * rng.uniform(0.92, 1.08)
            brand += amount
            rows.append((told, "渠道", channel, amount, None, None))
        rows.append((told, "品牌", "", brand, None, None))
        for store in range(len(world.stores.name)):
            amount = _planned(made.filter(pl.col("store") == store), month) * rng.uniform(0.9, 1.1)
            members = int(rng.integers(2, 9))
            rows.append((told, "门店", store_code(store), amount, max(1, round(amount / 900)), members))
            rows.append((told, "员工", till_code(store), amount, None, None))
    head = ("月份", "目标层级", "目标对象", "销售目标", "目标订单数", "拉新目标")
    frame = pl.DataFrame(rows, schema=head, orient="row")
    return frame.with_columns(
        ((pl.col("销售目标") / 100).ceil() * 100).map_elements(money, return_dtype=pl.String)
    ).cast(pl.String)


def _sales_by_month(world: "World") -> pl.DataFrame:
    """Net sales by month (counted from year 0), channel and store (-1: none)."""
    orders = world.sales.orders.filter((pl.col("at") < world.span.end) & ~pl.col("unpaid"))
    first = np.datetime64(world.span.start, "D")
    months = (first + orders["at"].to_numpy() // DAY).astype("datetime64[M]").astype(np.int64) + 1970 * 12
    return (
        orders.with_columns(month=months, net=pl.col("paid") - pl.col("refunded"))
        .group_by("month", "channel", "store")
        .agg(pl.col("net").sum())
    )


def _planned(made: pl.DataFrame, month: int) -> float:
    """A year ago and some growth; what a month makes on average where the files do not reach back so far."""
    ago = float(made.filter(pl.col("month") == month - 12)["net"].sum())
    mean = float(made["net"].sum()) / max(1, made["month"].n_unique())
    return float(_GROWTH * (0.6 * ago + 0.4 * mean if ago else mean)) or 500.0


def campaign_list(world: "World") -> pl.DataFrame:
    """营销活动: the members' messages, the campaigns with arms, the advertising plans, the referral programme."""
    span = world.span
    rows: list[tuple[str, str, str, str, date, date | None, float, float]] = []
    for number, plan in enumerate(CAMPAIGNS):
        drawn = world.campaigns.members.filter(pl.col("campaign") == number)
        if len(drawn):
            day = span.day(int(drawn["assigned_at"][0]))
            last = day + timedelta(days=WINDOW_DAYS)
            budget = float(np.ceil(len(drawn) * 0.06 / 100) * 100)
            rows.append((plan.code, plan.title, plan.kind, "短信", day, last, budget, 300.0))
    since = span.day(max(0, span.end - TOLD_DAYS * DAY))
    spent = world.ad_spend.filter(pl.col("day") * DAY < span.end).group_by("plan").agg(pl.col("yuan").sum())
    for number, yuan in spent.sort("plan").iter_rows():
        ad = AD_PLANS[number]
        rows.append((ad.code, f"{ad.platform}{ad.name}", "广告投放", ad.platform, since, None, yuan * 1.1, 0.0))
    rows.append((PROGRAMME, "老带新", "老带新", "小程序", span.start, None, 20000.0, 0.0))
    head = ("活动编号", "活动名称", "活动类型", "渠道", "begun", "ended", "预算", "实际费用")
    frame = pl.DataFrame(rows, schema=head, orient="row", infer_schema_length=None)
    own = frame.select(
        "活动编号", "活动名称", "活动类型", "渠道",
        活动状态=pl.when(pl.col("ended") <= span.as_of).then(pl.lit("已结束")).otherwise(pl.lit("进行中")),
        开始日期=pl.col("begun").cast(pl.String),
        结束日期=pl.col("ended").cast(pl.String).fill_null(""),
        预算=pl.col("预算").round(0).cast(pl.Int64).cast(pl.String),
        实际费用=pl.col("实际费用").round(0).cast(pl.Int64).cast(pl.String),
        负责人工号=pl.lit(DIRECTOR),
    )  # fmt: skip
    return pl.concat([broadcast_list(world), own])


def broadcast_list(world: "World") -> pl.DataFrame:
    """The members' messages that went to whoever could be reached: code, name, kind, days and what they cost."""
    sent = world.messages.sent.filter(pl.col("at") < world.span.end)
    told = sent.group_by("campaign").agg(pl.col("at").min(), pl.len().alias("n")).sort("campaign")
    rows = []
    for number, at, n in told.iter_rows():
        day = world.span.day(at)
        cost = money(n * _CNY_PER_SMS)
        rows.append(
            {
                "活动编号": f"campaign_{number}",
                "活动名称": f"{day.year}年{day.month}月会员短信第{number + 1}期",
                "活动类型": "会员触达",
                "渠道": "短信",
                "活动状态": "已结束",
                "开始日期": day.isoformat(),
                "结束日期": (day + timedelta(days=6)).isoformat(),
                "预算": money(float(np.ceil(n * _CNY_PER_SMS / 100) * 100)),
                "实际费用": cost,
                "负责人工号": DIRECTOR,
            }
        )
    return pl.DataFrame(rows)
