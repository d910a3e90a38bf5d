"""What the brand pays for attention: plans on advertising platforms by day, and who comes through the stores' doors.

Counts only, nobody is named. Who clicked and came is in `journeys`.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from simulator.brand import store_code
from simulator.people import DAY
from simulator.presence import POS
from simulator.rates import MAX_EXTRA_DAYS
from simulator.streams import Floats, Ints

if TYPE_CHECKING:
    from simulator.model import World

TOLD_DAYS: Final = 548  # the reports go back eighteen months


@dataclass(frozen=True)
class Plan:
    """One plan on a platform; `code` is also what its links carry as utm_campaign."""

    platform: str
    code: str
    name: str
    ad: str
    ad_name: str
    yuan_per_day: float  # for a brand of 5,000 people
    yuan_per_mille: float
    click_rate: float


LEADS, VIDEO, MOMENTS, TMALL_SEARCH, JD_SEARCH = range(5)
PLANS: Final = (
    Plan("巨量引擎", "1788000000000011", "净水器线索收集", "1799000000000101", "到店送滤芯", 120, 28, 0.012),
    Plan("巨量引擎", "1788000000000012", "品牌短视频", "1799000000000102", "厨房焕新", 90, 22, 0.008),
    Plan("腾讯广告", "2200300151", "朋友圈小程序", "2200300988", "会员商城首单礼", 110, 35, 0.011),
    Plan("万相台", "410077001", "天猫关键词", "", "", 160, 60, 0.031),
    Plan("京准通", "520033009", "京东快车", "", "", 80, 55, 0.027),
)
_WEEKDAY: Final = np.asarray([0.85, 0.8, 0.85, 0.9, 1.1, 1.55, 1.5])  # Monday first


def told_days(world: "World") -> Ints:
    """The days of which reports tell, as days of the world; the extra days too."""
    last = world.span.end // DAY
    return np.arange(max(0, last - TOLD_DAYS), last + MAX_EXTRA_DAYS, dtype=np.int64)


def spend_by_day(world: "World") -> pl.DataFrame:
    """One row per day and plan: `day`, `plan`, yuan, impressions, clicks."""
    days = told_days(world)
    rng = world.streams("advertising")
    size = world.people.n / 5000
    frames = []
    for number, plan in enumerate(PLANS):
        season = _season(world, days)
        yuan = plan.yuan_per_day * size * season * rng.gamma(12.0, 1 / 12.0, len(days))
        shown = rng.poisson(yuan / plan.yuan_per_mille * 1000)
        frames.append(
            pl.DataFrame(
                {
                    "day": days,
                    "plan": np.full(len(days), number),
                    "yuan": np.round(yuan, 2),
                    "impressions": shown,
                    "clicks": rng.binomial(shown, plan.click_rate),
                }
            )
        )
    return pl.concat(frames).sort("day", "plan")


def _season(world: "World", days: Ints) -> Floats:
    """Before the festivals of trade more is spent."""
    dates = np.datetime64(world.span.start) + days
    month_day = np.asarray([d.month * 100 + d.day for d in dates.astype(object)])
    busy = ((month_day >= 520) & (month_day <= 620)) | ((month_day >= 1020) & (month_day <= 1112))
    return np.where(busy, 1.8, 1.0)


def traffic_by_day(world: "World") -> pl.DataFrame:
    """One row per day and store: `day`, `store`, `passed`, `entered`; whoever bought has entered."""
    days = told_days(world)
    rng = world.streams("traffic")
    n_stores = len(world.stores.name)
    size = rng.uniform(5.0, 14.0, n_stores)
    day, store = np.repeat(days, n_stores), np.tile(np.arange(n_stores), len(days))
    weekday = (np.datetime64(world.span.start).astype("datetime64[D]").astype(np.int64) + 3 + day) % 7
    others = rng.poisson(size[store] * _WEEKDAY[weekday] * np.repeat(_season(world, days) ** 0.5, n_stores))
    bought = world.sales.orders.filter(pl.col("channel") == POS).select(day=pl.col("at") // DAY, store="store")
    frame = pl.DataFrame({"day": day, "store": store, "others": others}).join(
        bought.group_by("day", "store").len("n"), on=["day", "store"], how="left", maintain_order="left"
    )
    entered = frame["others"].to_numpy() + frame["n"].fill_null(0).to_numpy()
    return frame.select(
        "day",
        "store",
        passed=pl.Series(rng.poisson(entered * 7.5 + 20)),
        entered=pl.Series(entered),
        code=pl.Series([store_code(s) for s in store], dtype=pl.String),
    )
