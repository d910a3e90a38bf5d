"""Youzan: orders (60 columns, `分销员` twice) and customers (header ends with a comma), UTF-8 with or without BOM."""

from typing import Final

import numpy as np
import polars as pl

from simulator.catalogue import YOUZAN_SHOP
from simulator.fulfilment import WECHAT
from simulator.model import World
from simulator.people import birth_dates
from simulator.presence import YOUZAN
from simulator.streams import Streams
from simulator.variants import mask_phone
from simulator.writers import dressing as d
from simulator.writers.damage import spoil
from simulator.writers.exports import Exports, Period, periods
from simulator.writers.states import shown_orders, status_text

_SNAPSHOT: Final = 0.62  # of the years: when the earlier list of customers was made
_METHODS: Final = ("微信支付", "支付宝", "现金", "银行卡支付", "储值支付")
_REFERRED_EVERY: Final = 17


def with_cells(world: World, orders: pl.DataFrame) -> pl.DataFrame:
    """Youzan orders with the phones, the nickname and the referrer that the files show; also used for the truth."""
    contacts = world.contacts
    sellers = world.members.shoppers.filter(pl.col("at") < world.span.end // 3)["person"].to_numpy()
    buyer, at = orders["buyer"].to_numpy(), orders["at"].to_numpy()
    number = orders["order"].to_numpy()
    seller = sellers[(number * 2_654_435_761) % len(sellers)] if len(sellers) else buyer
    referred = (number % _REFERRED_EVERY == 0) & (seller != buyer)
    return orders.with_columns(
        phone_plain=d.gather(contacts.phone_text, orders["phone"]),
        buyer_phone=d.gather(contacts.phone_text, orders["account_phone"]),
        nickname=d.gather(contacts.wechat_name, buyer),
        referrer=pl.Series(np.where(referred, seller, -1)),
        referrer_phone=d.gather(contacts.phone_text, contacts.own_phone_at(seller, at)),
        referrer_name=d.gather(contacts.wechat_name, seller),
    )


def shown_shoppers(world: World, exported_at: int) -> pl.DataFrame:
    """The customers as a list made at a moment shows them: one row a phone, phones as known by then.

    Masked rows have `phone_shown` and `name_shown` masked; `phone` is the number behind it.
    """
    contacts = world.contacts
    rows = world.members.shoppers.filter(pl.col("at") <= exported_at)
    person = rows["person"].to_numpy()
    known_at = np.where(rows["updates"].to_numpy(), exported_at, rows["at"].to_numpy())
    phone = contacts.own_phone_at(person, known_at)
    text = d.gather(contacts.phone_text, phone)
    framed = rows.with_columns(phone=phone, phone_text=text).sort("at", "person")
    framed = framed.unique("phone", keep="first", maintain_order=True)
    masked = pl.col("is_masked")
    return framed.with_columns(
        phone_shown=pl.when(masked).then(mask_phone(pl.col("phone_text"), 3, 2)).otherwise(pl.col("phone_text")),
        name_shown=pl.when(masked & (pl.col("name") != ""))
        .then(pl.col("name").str.slice(0, 1) + "**")
        .otherwise(pl.col("name")),
    )


def write_youzan(world: World, out: Exports, day: Period | None = None) -> None:
    """Half-yearly orders and two lists of customers, or what one day brought."""
    orders = with_cells(world, world.sales.orders.filter(pl.col("channel") == YOUZAN))
    for period in [day] if day else periods(world.span, 6, overlap_days=20, delay_hours=50):
        _write_orders(world, out, shown_orders(orders, period, YOUZAN), period)
    if day is None:
        for exported_at in snapshot_times(world):
            _write_customers(world, out, shown_shoppers(world, exported_at), exported_at)
    else:
        _write_customers(world, out, changed_shoppers(world, day), day.exported_at)


def snapshot_times(world: World) -> tuple[int, int]:
    """When the lists of customers in the landing folder were made."""
    return int(_SNAPSHOT * world.span.end), world.span.end - 1


def changed_shoppers(world: World, day: Period) -> pl.DataFrame:
    """Customers who came in a day or whose phone changed in it."""
    shown = shown_shoppers(world, day.exported_at)
    changed = world.contacts.changed_at[shown["person"].to_numpy()]
    renewed = pl.Series((changed >= day.start) & (changed < day.end)) & shown["updates"]
    return shown.filter((pl.col("at") >= day.start) | renewed)


def _bom(exported_at: int) -> str:
    return "utf-8-sig" if exported_at // 86_400 % 2 else "utf-8"


def _write_orders(world: World, out: Exports, shown: pl.DataFrame, period: Period) -> None:
    if period.daily and not len(shown):
        return
    lines = world.sales.lines.join(shown.select("order"), on="order", how="semi", maintain_order="left")
    titles = (
        lines.with_columns(title=d.gather(world.goods.title, lines["product"]))
        .group_by("order", maintain_order=True)
        .agg(titles=pl.col("title").str.join(";"), kinds=pl.len())
    )
    shown = shown.join(titles, on="order", how="left", maintain_order="left")
    columns = d.header("youzan_order")
    cells = _order_cells(world, period)
    rows = d.rows(shown, d.arrange(columns, cells, d.text("")))
    path = f"youzan/{YOUZAN_SHOP}/订单导出_{out.stamp_text(period.exported_at, '%Y%m%d%H%M%S')}.csv"
    rows = spoil(Streams(len(rows))(path), rows, blank="")
    data = d.encode([",".join(columns), *rows], _bom(period.exported_at), end="\n")
    out.write(path, data, period.exported_at, len(rows))


def _order_cells(world: World, period: Period) -> dict[str, pl.Expr]:
    span, now = world.span, period.exported_at + 1
    member = set(world.members.shoppers.filter("is_member")["person"].to_list())
    is_member = pl.col("buyer").is_in(list(member))
    referred = pl.col("referrer") >= 0
    nothing = d.text("")
    paid = pl.col("receipt") > 0
    return {
        "订单号": pl.col("order_no"),
        "销售渠道": d.text("微商城"),
        "归属店铺": d.text(YOUZAN_SHOP),
        "订单类型": d.text("普通订单"),
        "订单状态": status_text("待付款", "待发货", "已发货", "交易完成", "交易关闭"),
        "订单来源": pl.when(pl.col("order") % 3 == 0).then(d.text("微信小程序")).otherwise(d.text("微信公众号")),
        "订单创建时间": d.moment(pl.col("at"), span),
        "买家付款时间": d.moment(pl.col("paid_at"), span, before=now),
        "交易成功时间": d.moment(pl.col("done_at"), span, before=now),
        "付款方式": pl.when(paid)
        .then(pl.col("method").replace_strict(list(range(5)), list(_METHODS), return_dtype=pl.String))
        .otherwise(nothing),
        "支付流水号": pl.when(paid & (pl.col("method") == WECHAT)).then("P" + pl.col("order_no")).otherwise(nothing),
        "商品金额合计": d.money(pl.col("goods")),
        "运费": d.money(pl.col("freight")),
        "店铺优惠合计": d.money(pl.col("discount")),
        "应收订单金额": d.money(pl.col("payable")),
        "订单实付金额": d.money(pl.col("receipt")),
        "支付优惠合计": d.text("0.00"),
        "订单实收金额": d.money(pl.col("receipt") - pl.col("refund_shown")),
        "订单抵用积分数": d.text("0"),
        "店铺优惠方式": pl.when(pl.col("discount") == 0)
        .then(nothing)
        .when(pl.col("coupon"))
        .then(d.text("优惠券"))
        .otherwise(d.text("限时折扣")),
        "全部商品名称": d.quoted(pl.col("titles")),
        "商品种类数": d.number(pl.col("kinds")),
        "订单配送方式": d.text("快递发货"),
        "收货人省份": pl.col("province"),
        "收货人城市": pl.col("city"),
        "收货人地区": pl.col("district"),
        "详细收货地址/提货地址": pl.col("detail"),
        "收货人/提货人": pl.col("name"),
        "收货人手机号/提货人手机号": pl.col("phone_plain"),
        "买家备注": d.text(" "),
        "订单星级": d.text("0"),
        "买家昵称": pl.col("nickname"),
        "买家是否会员": pl.when(is_member).then(d.text("是")).otherwise(d.text("否")),
        "买家手机号": pl.col("buyer_phone"),
        "分销员": pl.when(referred).then(pl.col("referrer_name")).otherwise(nothing),
        "订单退款状态": pl.when(pl.col("refund_shown") == 0)
        .then(nothing)
        .when(pl.col("refunded_fully"))
        .then(d.text("全额退款成功"))
        .otherwise(d.text("部分退款成功")),
        "订单已退款金额": d.money(pl.col("refund_shown")),
        "分销员手机号": pl.when(referred).then(pl.col("referrer_phone")).otherwise(nothing),
        "分销员所属店铺": pl.when(referred).then(d.text(YOUZAN_SHOP)).otherwise(nothing),
    }


def joined_text(world: World) -> pl.Expr:
    """成为客户时间 as the list of customers shows it."""
    return d.moment(pl.col("at"), world.span)


def _write_customers(world: World, out: Exports, shown: pl.DataFrame, exported_at: int) -> None:
    if not len(shown):
        return
    shown = shown.join(
        _spending(world, exported_at), left_on="person", right_on="buyer", how="left", maintain_order="left"
    )
    people, person = world.people, shown["person"].to_numpy()
    born = pl.Series("born", birth_dates(people.birth[person])).dt.strftime("%Y-%m-%d")
    gender = d.gather(["女", "男"], people.gender[person])
    shown = shown.with_columns(born=born, gender=gender)
    columns = d.header("youzan_customer")
    rows = d.rows(shown, d.arrange(columns, _customer_cells(world), d.text("")))
    path = f"youzan/{YOUZAN_SHOP}/客户导出_{out.stamp_text(exported_at, '%Y%m%d%H%M%S')}.csv"
    data = d.encode([",".join(columns), *rows], _bom(exported_at), end="\n")
    out.write(path, data, exported_at, len(rows))


def _spending(world: World, exported_at: int) -> pl.DataFrame:
    past = world.sales.orders.filter(
        (pl.col("channel") == YOUZAN) & (pl.col("paid_at") <= exported_at) & ~pl.col("refunded_fully")
    )
    return past.group_by("buyer").agg(n_paid=pl.len(), spent=pl.col("paid").sum(), last_paid=pl.col("paid_at").max())


def _customer_cells(world: World) -> dict[str, pl.Expr]:
    blank, nothing = d.text(" "), d.text("")
    member = pl.col("is_member")
    count, spent = pl.col("n_paid").fill_null(0), pl.col("spent").fill_null(0.0)
    known = pl.col("n_paid").is_not_null()
    region = pl.col("province").str.strip_chars_end("省市") + pl.col("city").str.strip_chars_end("市")
    return {
        "客户姓名": pl.when(pl.col("name") == "").then(blank).otherwise(pl.col("name_shown")),
        "客户昵称": pl.col("nickname"),
        "客户手机号": pl.col("phone_shown"),
        "客户生日": pl.when(pl.col("has_birthday")).then(pl.col("born")).otherwise(blank),
        "客户性别": pl.when(pl.col("has_gender")).then(pl.col("gender")).otherwise(d.text("其他")),
        "标签": blank,
        "是否会员": pl.when(member).then(d.text("是")).otherwise(d.text("否")),
        "成长值": d.number(pl.col("points") // 10),
        "免费等级": pl.when(member).then(d.text("VIP1")).otherwise(nothing),
        "客户积分": d.number(pl.col("points")),
        "客户储值余额": d.text("0.00"),
        "消费次数": d.number(count),
        "消费金额": d.money(spent),
        "累计退款金额": d.text("0.00"),
        "累计退款订单数": d.text("0"),
        "笔单价": pl.when(known).then(d.money(spent / count.clip(1))).otherwise(d.text("0.00")),
        "上次消费时间": pl.when(known).then(d.moment(pl.col("last_paid").fill_null(0), world.span)).otherwise(nothing),
        "来源渠道": d.text("微信"),
        "来源方式": pl.when(pl.col("person") % 9 == 0).then(d.text("外部导入")).otherwise(d.text("登录创建客户")),
        "成为客户时间": joined_text(world),
        "成为会员时间": pl.when(member).then(joined_text(world)).otherwise(nothing),
        "成为会员店铺": pl.when(member).then(d.text(YOUZAN_SHOP)).otherwise(nothing),
        "所属区域": pl.when(pl.col("has_region")).then(region).otherwise(nothing),
    }
