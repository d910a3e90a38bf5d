"""After-sales work orders: workbooks with all numbers as text, some with a merged title row."""

from typing import Final

import polars as pl

from simulator.catalogue import SERVICE_ACCOUNT
from simulator.model import World
from simulator.presence import JD, POS, TMALL, YOUZAN
from simulator.service import KINDS
from simulator.writers import dressing as d
from simulator.writers.exports import Exports, Period, periods
from simulator.writers.workbook import workbook

_CHANNEL: Final = {TMALL: "天猫", JD: "京东", YOUZAN: "有赞商城", POS: "门店"}
_WORKERS: Final = "王师傅 李师傅 张师傅 刘师傅 陈师傅 杨师傅 赵师傅 黄师傅"


def ticket_no(world: World) -> pl.Expr:
    """The number of a work order, e.g. `GD20240103000123`."""
    return (
        pl.lit("GD")
        + d.moment(pl.col("at"), world.span, pattern="%Y%m%d")
        + pl.col("number").cast(pl.String).str.zfill(6)
    )


def with_cells(world: World) -> pl.DataFrame:
    """The work orders with number and phone as the files show them; also used for the truth."""
    rows = world.tickets
    phone = d.gather(world.contacts.phone_text, rows["phone"])
    wrong_digit = (phone.str.slice(7, 1).cast(pl.Int64) + 3) % 10
    misheard = phone.str.slice(0, 7) + wrong_digit.cast(pl.String) + phone.str.slice(8)
    return rows.with_columns(
        ticket_no=ticket_no(world),
        phone_plain=pl.when("phone_typo").then(misheard).otherwise(phone),
        finished_at=pl.col("at") + pl.col("takes"),
    )


def write_after_sales(world: World, out: Exports, day: Period | None = None) -> None:
    """Half-yearly workbooks, or the new and finished work orders of one day."""
    rows = with_cells(world)
    for period in [day] if day else periods(world.span, 6, overlap_days=10, delay_hours=20):
        shown = rows.filter(period.touches("at", "finished_at"))
        if not len(shown):
            continue
        columns = d.header("after_sales")
        cells = _cells(world, period)
        framed = shown.with_columns(model=d.gather(world.goods.title, shown["product"]))
        table = framed.select(cells[c].alias(c) for c in columns)
        stamp = out.stamp_text(period.exported_at, "%Y%m%d%H%M%S")
        title = "售后服务工单明细" if period.index % 2 == 1 else ""
        data = workbook("工单", columns, table, created=out.moment(period.exported_at), title=title)
        out.write(f"after_sales/{SERVICE_ACCOUNT}/工单_{stamp}.xlsx", data, period.exported_at, len(table))


def _cells(world: World, period: Period) -> dict[str, pl.Expr]:
    span, now = world.span, period.exported_at + 1
    done = (pl.col("finished_at") < now) & ~pl.col("cancelled")
    place = pl.concat_str("province", "city", "district", "detail")
    status = (
        pl.when(pl.col("cancelled") & (pl.col("finished_at") < now))
        .then(d.text("已取消"))
        .when(done)
        .then(d.text("已完成"))
        .when(pl.col("at") + 7200 < now)
        .then(d.text("已派单"))
        .otherwise(d.text("待派单"))
    )
    workers = _WORKERS.split()
    return {
        "工单号": pl.col("ticket_no"),
        "工单类型": pl.col("kind").replace_strict(list(range(4)), list(KINDS), return_dtype=pl.String),
        "客户姓名": pl.col("name"),
        "电话": pl.col("phone_plain"),
        "地址": place,
        "机型": pl.col("model"),
        "机身码": pl.col("machine"),
        "购买渠道": pl.col("channel").replace_strict(list(_CHANNEL), list(_CHANNEL.values()), return_dtype=pl.String),
        "购买日期": d.moment(pl.col("bought_at"), span, pattern="%Y-%m-%d"),
        "受理时间": d.moment(pl.col("at"), span),
        "完成时间": pl.when(done).then(d.moment(pl.col("finished_at"), span)).otherwise(d.text("")),
        "状态": status,
        "服务网点": pl.col("city") + "服务中心",
        "服务人员": (pl.col("worker") % len(workers)).replace_strict(
            list(range(len(workers))), workers, return_dtype=pl.String
        ),
        "满意度": pl.when(done).then(d.number(pl.col("score"))).otherwise(d.text("")),
    }
