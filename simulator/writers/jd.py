"""JD: one row per SKU with the order's totals on each (GB18030 csv, later xlsx); phones as `1******6198`."""

import polars as pl

from simulator.catalogue import JD_SHOP
from simulator.model import World
from simulator.people import DAY
from simulator.presence import JD
from simulator.streams import Streams
from simulator.variants import mask_phone
from simulator.writers import dressing as d
from simulator.writers.damage import spoil
from simulator.writers.exports import Exports, Period, periods
from simulator.writers.states import shown_orders, status_text
from simulator.writers.workbook import workbook

# Columns whose cells are numbers: not quoted in the csv.
_BARE = frozenset(
    ("订单号", "商品ID", "订购数量", "京东价", "订单金额", "结算金额", "余额支付", "应付金额", "运费金额", "服务费")
)


def with_cells(world: World, orders: pl.DataFrame) -> pl.DataFrame:
    """JD orders with the account and the masked phone that the files show; also used for the truth."""
    return orders.with_columns(
        pin=d.gather(world.contacts.jd_pin, orders["buyer"]),
        phone_plain=d.gather(world.contacts.phone_text, orders["phone"]),
    ).with_columns(receiver_phone=mask_phone(pl.col("phone_plain"), 1, 4))


def write_jd(world: World, out: Exports, day: Period | None = None) -> None:
    """Quarterly order files, the last ones as workbooks, or the file of one day."""
    orders = with_cells(world, world.sales.orders.filter(pl.col("channel") == JD))
    spans = [day] if day else periods(world.span, 3, overlap_days=15, delay_hours=36)
    for period in spans:
        shown = shown_orders(orders, period, JD)
        if not len(shown) and period.daily:
            continue
        as_workbook = period.daily or period.start >= world.span.end - 190 * DAY
        _write_period(world, out, shown, period, as_workbook)


def _write_period(world: World, out: Exports, shown: pl.DataFrame, period: Period, as_workbook: bool) -> None:
    columns = d.header("jd_order_v2016")
    if period.exported_at > 0.5 * world.span.end:
        columns = columns + d.header("jd_order_v2017_extra")
    if as_workbook:
        columns = [c.replace("下单帐号", "下单账号") for c in columns] + ["商家应收"]
    framed = world.sales.lines.join(shown, on="order", how="inner", maintain_order="right")
    framed = framed.with_columns(
        title=d.gather(world.goods.title, framed["product"]), sku=d.gather(world.goods.sku, framed["product"])
    )
    cells = _cells(world, period)
    stamp = out.stamp_text(period.exported_at, "%Y%m%d%H%M%S")
    if as_workbook:
        table = framed.select(cells.get(c, d.text("")).alias(str(i)) for i, c in enumerate(columns))
        data = workbook("订单", columns, table, created=out.moment(period.exported_at))
        out.write(f"jd/{JD_SHOP}/订单导出_{stamp}.xlsx", data, period.exported_at, len(table))
        return
    dressed = [c if name in _BARE else d.quoted(c) for name, c in ((n, cells.get(n, d.text(""))) for n in columns)]
    path = f"jd/{JD_SHOP}/order_{stamp}.csv"
    lines = [line + "," for line in d.rows(framed, dressed)]
    lines = spoil(Streams(len(lines))(path), lines, blank="")
    out.write(path, d.encode([",".join(columns) + ",", *lines], "gb18030"), period.exported_at, len(lines))


def _cells(world: World, period: Period) -> dict[str, pl.Expr]:
    """Undressed cells by column; order totals are the same on every line of an order."""
    span, now, number = world.span, period.exported_at + 1, pl.col("order_no")
    receipt, share = pl.col("receipt"), pl.col("amount") / pl.col("goods")
    status = status_text("等待付款", "等待出库", "等待确认收货", "完成", "(删除)等待出库")
    account = pl.col("pin")
    return {
        "订单号": pl.when(pl.col("damaged")).then(d.in_spreadsheet(number)).otherwise(number),
        "商品ID": (10_023_000_000 + pl.col("product")).cast(pl.String),
        "商品名称": pl.col("title"),
        "订购数量": d.number(pl.col("qty")),
        "支付方式": d.text("在线支付"),
        "下单时间": d.moment(pl.col("at"), span),
        "京东价": d.money(pl.col("price")),
        "订单金额": d.money(pl.col("goods") + pl.col("freight")),
        "结算金额": d.money(receipt),
        "余额支付": d.text("0.00"),
        "应付金额": d.money(pl.col("payable")),
        "订单状态": status,
        "订单类型": d.text("SOP"),
        "下单帐号": account,
        "下单账号": account,
        "客户姓名": pl.col("name"),
        "客户地址": pl.concat_str("province", "city", "district", "detail"),
        "联系电话": pl.col("receiver_phone"),
        "发票类型": d.text("电子发票"),
        "发票抬头": d.text("个人"),
        "发票内容": d.text("商品明细"),
        "运费金额": d.money(pl.col("freight")),
        "付款确认时间": _sentinel(d.moment(pl.col("paid_at"), span, before=now)),
        "增值税发票": d.text("否"),
        "货号": pl.col("sku"),
        "订单完成时间": _sentinel(d.moment(pl.col("done_at"), span, before=now)),
        "订单来源": pl.when(pl.col("order") % 3 > 0).then(d.text("移动端订单")).otherwise(d.text("PC订单")),
        "订单渠道": d.text("京东"),
        "送装服务": d.text("无"),
        "服务费": d.text("0.00"),
        "仓库id": d.text("0"),
        "商家SKUID": pl.col("sku"),
        "是否为品牌商订单": d.text("否"),
        "商家应收": d.money(receipt * share) + "（系统计算中，该值仅供参考）",
    }


def _sentinel(time: pl.Expr) -> pl.Expr:
    """JD's way to say "not yet"."""
    return pl.when(time == "").then(d.text("0001-01-01 00:00:00")).otherwise(time)
