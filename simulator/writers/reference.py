"""The brand's own lists: stores, staff, articles, prices, campaigns, commissions, targets, holidays."""

from typing import Final

import polars as pl

from simulator import plans
from simulator.commissions import rule_list
from simulator.model import World
from simulator.writers.exports import Exports, Period
from simulator.writers.tables import write_book, write_csv

FOLDER: Final = "reference/chengyu"


def write_reference(world: World, out: Exports, day: Period | None = None) -> None:
    """All lists as they stand on the as-of day; none of them changes in the days after it."""
    if day is not None:
        return
    at = world.span.end - 1
    stamp = out.stamp_text(at, "%Y%m%d")
    write_book(out, f"{FOLDER}/门店档案_{stamp}.xlsx", _stores(world), at, "门店", "澄屿门店档案")
    write_csv(out, f"{FOLDER}/员工档案_{stamp}.csv", _staff(world), at)
    write_book(out, f"{FOLDER}/商品档案_{stamp}.xlsx", plans.article_list(world), at, "商品")
    write_csv(out, f"{FOLDER}/商品价格表_{stamp}.csv", plans.price_list(world), at)
    write_csv(out, f"{FOLDER}/营销活动_{stamp}.csv", plans.campaign_list(world), at)
    write_csv(out, f"{FOLDER}/佣金规则_{stamp}.csv", rule_list(world), at)
    write_csv(out, f"{FOLDER}/销售目标_{stamp}.csv", plans.target_list(world), at, "utf-8-sig")
    write_csv(out, f"{FOLDER}/节假日_{stamp}.csv", plans.holiday_list(world), at, "utf-8-sig")


def _stores(world: World) -> pl.DataFrame:
    return world.brand.stores.select(
        门店编号="code",
        门店名称="name",
        门店类型="kind",
        门店状态=pl.lit("营业"),
        大区="area",
        省份="province",
        城市="city",
        区县="district",
        门店地址="street",
        经销商编号="partner",
        开业日期=pl.col("opened").cast(pl.String),
        营业面积=pl.col("m2").cast(pl.String),
    )


def _staff(world: World) -> pl.DataFrame:
    return world.brand.staff.select(
        员工编号="code",
        员工姓名="name",
        手机号="phone",
        岗位="job",
        所属门店编号="store",
        上级工号="leader",
        企业微信账号="userid",
        在职状态="status",
        入职日期=pl.col("joined").cast(pl.String),
        离职日期=pl.col("left").cast(pl.String),
    )
