"""Partners of other trades: who they are, and the leads that they hand in."""

import polars as pl

from simulator.model import World
from simulator.writers.exports import Exports, Period
from simulator.writers.leads import PARTNERS, write_partner_leads
from simulator.writers.tables import write_book


def write_partner(world: World, out: Exports, day: Period | None = None) -> None:
    """The list of partners, and the leads that they handed in or that changed."""
    write_partner_leads(world, out, day)
    if day is not None:
        return
    at = world.span.end - 1
    stamp = out.stamp_text(at, "%Y%m%d")
    write_book(out, f"{PARTNERS}/合作方档案_{stamp}.xlsx", _partners(world), at, "合作方")


def _partners(world: World) -> pl.DataFrame:
    return world.brand.partners.select(
        合作方编号="code",
        合作方名称="name",
        合作类型="kind",
        上级合作方编号="parent",
        联系人="contact",
        联系电话="phone",
        省份="province",
        城市="city",
        合作状态=pl.lit("合作中"),
        签约日期=pl.col("started").cast(pl.String),
    )
