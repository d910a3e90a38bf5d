"""Tmall: order lists and item lists as Qianniu exports them (GB18030, `="id"`, `'phone`).

Three eras of the file: all in the clear, then the Alipay account masked, then nick and phone masked too. The latest
files have today's column names.
"""

from typing import Final

import polars as pl

from simulator.catalogue import TMALL_SHOPS
from simulator.model import World
from simulator.presence import TMALL
from simulator.streams import Streams
from simulator.variants import mask_name, mask_phone
from simulator.writers import dressing as d
from simulator.writers.damage import spoil
from simulator.writers.exports import Exports, Period, periods
from simulator.writers.states import shown_orders, status_text

PLAIN, ACCOUNT_MASKED, ALL_MASKED = range(3)
_ERA_STARTS: Final = (0.25, 0.5)  # of the years
_STATUS = status_text("等待买家付款", "买家已付款，等待卖家发货", "卖家已发货，等待买家确认", "交易成功", "交易关闭")
_TODAY: Final = {
    "买家实际支付金额": "买家实付金额",
    "打款商家金额": "确认收货打款金额",
    "宝贝标题 ": "商品标题",
    "收货地址 ": "收货地址",
    "联系电话 ": "联系电话",
    "订单付款时间 ": "订单付款时间",
    "物流单号 ": "物流单号",
}


def era(world: World, at: pl.Expr | None = None) -> pl.Expr:
    """How much was masked when an order was made: PLAIN, ACCOUNT_MASKED or ALL_MASKED."""
    moment = pl.col("at") if at is None else at
    first, second = (int(share * world.span.end) for share in _ERA_STARTS)
    return (moment >= first).cast(pl.Int64) + (moment >= second).cast(pl.Int64)


def with_cells(world: World, orders: pl.DataFrame) -> pl.DataFrame:
    """Tmall orders with what the files say of their people: nick, alipay, receiver_name, receiver_phone.

    `mask` is the era; `name_masked` says whether the receiver's name is masked. Also used for the truth.
    """
    contacts, buyer = world.contacts, orders["buyer"].to_numpy()
    email = d.gather(contacts.email, buyer)
    phone = d.gather(contacts.phone_text, contacts.phone_at(buyer, orders["at"].to_numpy()))
    by_mail = pl.Series(buyer % 5 < 3) & (email != "")
    framed = orders.with_columns(
        mask=era(world),
        nick_plain=d.gather(contacts.tmall_nick, buyer),
        alipay_email=pl.select(pl.when(by_mail).then(email).otherwise(pl.lit(""))).to_series(),
        alipay_phone=pl.select(pl.when(by_mail).then(pl.lit("")).otherwise(phone)).to_series(),
        phone_plain=d.gather(contacts.phone_text, orders["phone"]),
        name_masked=(era(world) == ALL_MASKED) & (pl.col("order") % 5 == 0),
    )
    return mask_cells(framed, pl.col("mask"))


def mask_cells(framed: pl.DataFrame, mask: pl.Expr) -> pl.DataFrame:
    """The cells as they look under a mask."""
    email, phone = pl.col("alipay_email"), pl.col("alipay_phone")
    masked_mail = email.str.slice(0, 3) + "***@" + email.str.split("@").list.get(1, null_on_oob=True).fill_null("")
    nick = pl.col("nick_plain")
    return framed.with_columns(
        nick=pl.when(mask == ALL_MASKED).then(nick.str.slice(0, 1) + "**" + nick.str.slice(-1)).otherwise(nick),
        alipay=pl.when(mask == PLAIN)
        .then(email + phone)
        .when(email != "")
        .then(masked_mail)
        .otherwise(mask_phone(phone, 3, 4)),
        receiver_name=pl.when(pl.col("name_masked")).then(mask_name(pl.col("name"))).otherwise(pl.col("name")),
        receiver_phone=pl.when(mask == ALL_MASKED)
        .then(mask_phone(pl.col("phone_plain"), 3, 4))
        .otherwise(pl.col("phone_plain")),
    )


def write_tmall(world: World, out: Exports, day: Period | None = None) -> None:
    """Order and item lists of both shops: quarters and half-years, or the files of one day."""
    orders = with_cells(world, world.sales.orders.filter(pl.col("channel") == TMALL))
    for shop in range(len(TMALL_SHOPS)):
        own = orders.filter(pl.col("shop") == shop)
        spans = [day] if day else periods(world.span, 3 if shop == 0 else 6, overlap_days=15, delay_hours=42)
        for period in spans:
            _write_period(world, out, period, shop, own)
    if day is None:
        _write_again(world, out, orders.filter(pl.col("shop") == 0))


def _write_period(world: World, out: Exports, period: Period, shop: int, orders: pl.DataFrame) -> None:
    shown = shown_orders(orders, period, TMALL)
    if period.daily and not len(shown):
        return
    stamp = out.stamp_text(period.exported_at)
    folder = f"tmall/{TMALL_SHOPS[shop]}"
    _write_orders(world, out, shown, period, f"{folder}/ExportOrderList{stamp}.csv", shop)
    _write_items(world, out, shown, period, f"{folder}/ExportItemList{stamp}.csv")


def _write_again(world: World, out: Exports, orders: pl.DataFrame) -> None:
    """An old period exported once more, long after: final states, and everything masked by now."""
    start = world.span.end // 5
    exported_at = world.span.end - 40 * 86_400
    period = Period("again", start, start + 60 * 86_400, exported_at)
    shown = mask_cells(shown_orders(orders, period, TMALL), pl.lit(ALL_MASKED))
    name = f"tmall/{TMALL_SHOPS[0]}/ExportOrderList{out.stamp_text(exported_at)}.csv"
    _write_orders(world, out, shown, period, name, 0)


def _columns(world: World, period: Period) -> list[str]:
    """46 columns at first, 61 later, and today's names in the newest files."""
    if period.exported_at < 0.45 * world.span.end:
        return d.header("tmall_order_v2017")
    columns = d.header("tmall_order_v2018")
    if period.exported_at >= world.span.end - 60 * 86_400:
        return [_TODAY.get(column, column) for column in columns]
    return columns


def _write_orders(world: World, out: Exports, shown: pl.DataFrame, period: Period, path: str, shop: int) -> None:
    shown = shown.join(_titles(world, shown), on="order", how="left", maintain_order="left")
    cells = _order_cells(world, period, shop)
    cells |= {new: cells[old] for old, new in _TODAY.items() if old in cells}
    columns = _columns(world, period)
    lines = d.rows(shown, d.arrange(columns, cells, d.text('""')))
    lines = spoil(Streams(len(lines))(path), lines, blank='=""')
    head = ",".join(f'"{column}"' for column in columns)
    out.write(path, d.encode([head, *lines], "gb18030"), period.exported_at, len(lines))


def _order_cells(world: World, period: Period, shop: int) -> dict[str, pl.Expr]:
    span, now = world.span, period.exported_at + 1
    q, at = d.quoted, pl.col("at")
    place = pl.concat_str("province", "city", "district", "detail", separator=" ").str.replace("  ", " ", literal=True)
    number = pl.col("order_no")
    return {
        "订单编号": pl.when(pl.col("damaged")).then(d.in_spreadsheet(number)).otherwise(d.formula(number)),
        "买家会员名": q(pl.col("nick")),
        "买家支付宝账号": q(pl.col("alipay")),
        "支付单号": q(pl.when(pl.col("receipt") > 0).then("2" + number + "01").otherwise(d.text(""))),
        "买家应付货款": q(d.money(pl.col("goods") - pl.col("discount"))),
        "买家应付邮费": q(d.money(pl.col("freight"))),
        "买家支付积分": q(d.text("0")),
        "总金额": q(d.money(pl.col("payable"))),
        "返点积分": q(d.text("0")),
        "买家实际支付金额": q(d.money(pl.col("receipt"))),
        "买家实际支付积分": q(d.text("0")),
        "订单状态": q(_STATUS),
        "收货人姓名": q(pl.col("receiver_name")),
        "收货地址 ": q(place + " (" + pl.col("postcode") + ")"),
        "运送方式": q(d.text("快递")),
        "联系电话 ": d.formula(d.text("")),
        "联系手机": q(d.prefixed("'", pl.col("receiver_phone"))),
        "订单创建时间": q(d.moment(at, span)),
        "订单付款时间 ": q(d.moment(pl.col("paid_at"), span, before=now)),
        "宝贝标题 ": q(pl.col("titles")),
        "宝贝种类 ": q(d.number(pl.col("kinds"))),
        "物流单号 ": q(
            pl.when(pl.col("shipped_at") < now).then("No:SF1" + number.str.slice(-12)).otherwise(d.text(""))
        ),
        "物流公司": q(pl.when(pl.col("shipped_at") < now).then(d.text("顺丰速运")).otherwise(d.text(""))),
        "宝贝总数量": q(d.number(pl.col("pieces"))),
        "店铺Id": q(d.text(str(18720451 + shop))),
        "店铺名称": q(d.text(TMALL_SHOPS[shop])),
        "订单关闭原因": q(
            pl.when(pl.col("status") < 4)
            .then(d.text("订单未关闭"))
            .when(pl.col("unpaid"))
            .then(d.text("买家未付款"))
            .otherwise(d.text("退款"))
        ),
        "卖家服务费": q(d.text("0")),
        "买家服务费": q(d.text("0元")),
        "发票抬头": d.formula(d.text("")),
        "是否手机订单": q(pl.when(pl.col("order") % 4 > 0).then(d.text("手机订单")).otherwise(d.text(""))),
        "天猫卡券抵扣": q(
            d.money(pl.when(pl.col("coupon")).then(pl.col("discount")).otherwise(0.0)) if shop == 0 else d.text("")
        ),
        "退款金额": q(d.money(pl.col("refund_shown"))),
        "确认收货时间": q(d.moment(pl.col("done_at"), span, before=now)),
        "打款商家金额": q(
            pl.when(pl.col("done_at") < now)
            .then(d.money(pl.col("receipt") - pl.col("refund_shown")) + "元")
            .otherwise(d.text("0.00元"))
        ),
    }


def _titles(world: World, shown: pl.DataFrame) -> pl.DataFrame:
    """Titles, kinds and pieces of each order's lines."""
    lines = world.sales.lines.join(shown.select("order"), on="order", how="semi", maintain_order="left")
    titled = lines.with_columns(title=d.gather(world.goods.title, lines["product"]))
    return titled.group_by("order", maintain_order=True).agg(
        titles=pl.col("title").str.join("，"), kinds=pl.len(), pieces=pl.col("qty").sum()
    )


def _write_items(world: World, out: Exports, shown: pl.DataFrame, period: Period, path: str) -> None:
    whole = shown.filter(~pl.col("damaged"))
    facts = whole.select("order", "order_no", "status", "receipt", "payable", "goods", "refund_shown", "at", "paid_at")
    lines = world.sales.lines.join(facts, on="order", how="inner", maintain_order="left")
    goods, product = world.goods, lines["product"]
    framed = lines.with_columns(
        title=d.gather(goods.title, product),
        sku=d.gather(goods.sku, product),
        spec=d.gather(goods.spec, product),
        share=pl.col("amount") / pl.col("goods"),
    )
    today = period.exported_at >= 0.6 * world.span.end
    columns = d.header("qianniu_item_2025_subset" if today else "tmall_item_v2017")
    cells = _item_cells(world, period)
    rows = d.rows(framed, d.arrange(columns, cells, d.text('""')))
    if not today:  # the old item list ends its rows, but not its header, with one comma more
        rows = [row + "," if i % 3 == 0 else row for i, row in enumerate(rows)]
    head = ",".join(f'"{column}"' for column in columns)
    out.write(path, d.encode([head, *rows], "gb18030"), period.exported_at, len(rows))


def _item_cells(world: World, period: Period) -> dict[str, pl.Expr]:
    q, span, number = d.quoted, world.span, pl.col("order_no")
    share = pl.col("share")
    return {
        "订单编号": d.formula(number),
        "主订单编号": d.formula(number),
        "子订单编号": d.formula(number.str.slice(0, 16) + (900 + pl.col("position")).cast(pl.String)),
        "标题": q(pl.col("title")),
        "商品标题": q(pl.col("title")),
        "价格": q(d.money(pl.col("price"))),
        "商品价格": q(d.money(pl.col("price"))),
        "购买数量": q(d.number(pl.col("qty"))),
        "外部系统编号": q(pl.col("sku")),
        "商品属性": q(pl.col("spec")),
        "订单状态": q(_STATUS),
        "商家编码": q(pl.col("sku")),
        "买家应付货款": q(d.money(pl.col("payable") * share)),
        "买家实付金额": q(d.money(pl.col("receipt") * share)),
        "退款状态": q(pl.when(pl.col("refund_shown") > 0).then(d.text("退款成功")).otherwise(d.text("没有申请退款"))),
        "退款金额": q(d.money(pl.col("refund_shown") * share)),
        "订单创建时间": q(d.moment(pl.col("at"), span)),
        "订单付款时间": q(d.moment(pl.col("paid_at"), span, before=period.exported_at + 1)),
        "商品ID": d.formula((612_000_000_000 + pl.col("product")).cast(pl.String)),
    }
