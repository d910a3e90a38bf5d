"""Reports that count and name nobody: what advertisements cost, and who came through the doors."""

from typing import Final

import numpy as np
import polars as pl

from simulator.advertising import PLANS
from simulator.model import World
from simulator.people import DAY
from simulator.writers import dressing as d
from simulator.writers.exports import Exports, Period, periods
from simulator.writers.tables import write_csv

_FOLDERS: Final = {"巨量引擎": "ocean", "腾讯广告": "tencent", "万相台": "wanxiangtai", "京准通": "jzt"}


def write_ad_spend(world: World, out: Exports, day: Period | None = None) -> None:
    """Half-yearly reports of each platform, or those of one day."""
    spend = world.ad_spend.with_columns(platform=d.gather([p.platform for p in PLANS], world.ad_spend["plan"]))
    for period in [day] if day else periods(world.span, 6, delay_hours=8):
        shown = spend.filter(_within(period))
        for (platform,), rows in shown.group_by("platform", maintain_order=True):
            stamp = out.stamp_text(period.exported_at, "%Y%m%d")
            path = f"ad_spend/{_FOLDERS[str(platform)]}/推广报表_{stamp}.csv"
            write_csv(out, path, _spend(world, rows), period.exported_at)


def _within(period: Period) -> pl.Expr:
    return (pl.col("day") * DAY >= period.start) & (pl.col("day") * DAY < period.end)


def _dates(world: World, days: pl.Series) -> pl.Series:
    return pl.Series(np.datetime64(world.span.start) + days.to_numpy()).dt.strftime("%Y-%m-%d")


def _spend(world: World, rows: pl.DataFrame) -> pl.DataFrame:
    plan = rows["plan"]
    return rows.select(
        pl.Series("日期", _dates(world, rows["day"])),
        平台="platform",
        计划ID=d.gather([p.code for p in PLANS], plan),
        计划名称=d.gather([p.name for p in PLANS], plan),
        创意ID=d.gather([p.ad for p in PLANS], plan),
        创意名称=d.gather([p.ad_name for p in PLANS], plan),
        消耗=d.money(pl.col("yuan")),
        展示数=d.number(pl.col("impressions")),
        点击数=d.number(pl.col("clicks")),
    )


def write_store_traffic(world: World, out: Exports, day: Period | None = None) -> None:
    """Half-yearly counts of all doors, or those of one day."""
    counted = world.store_traffic
    for period in [day] if day else periods(world.span, 6, delay_hours=4):
        rows = counted.filter(_within(period))
        if not len(rows):
            continue
        table = rows.select(
            门店编号="code",
            门店名称=d.gather(world.stores.name, rows["store"]),
            日期=_dates(world, rows["day"]),
            过店人数=d.number(pl.col("passed")),
            进店人数=d.number(pl.col("entered")),
        )
        path = f"store_traffic/doors/客流_{out.stamp_text(period.exported_at, '%Y%m%d')}.csv"
        write_csv(out, path, table, period.exported_at, "utf-8-sig")
