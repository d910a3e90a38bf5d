"""Scans of codes, the stores' books of visits, reviews: files a half-year, or those of one day."""

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from simulator.brand import store_code
from simulator.catalogue import JD_SHOP, POS_ACCOUNTS, TMALL_SHOPS, YOUZAN_SHOP
from simulator.contacts import APPIDS
from simulator.encounters import GUIDE, MACHINE, ORIGINS, PARCEL, REASONS, RECEIPT, SERVICE, WORDS
from simulator.plans import SHORT_NAMES
from simulator.presence import JD, POS, TMALL
from simulator.wechat import guide_names, service_openids, unionids
from simulator.writers import dressing as d
from simulator.writers.exports import Exports, Period, periods
from simulator.writers.tables import write_book, write_csv

if TYPE_CHECKING:
    from simulator.model import World

_CODES: Final = {RECEIPT: "小票码", PARCEL: "订单码", MACHINE: "机身码", GUIDE: "获客码", SERVICE: "售后码"}
SCANS: Final = "chengyu-codes"
VISITS: Final = "chengyu"


def _store_codes(world: "World", store: pl.Series) -> pl.Series:
    return d.gather([store_code(i) for i in range(len(world.stores.name))], store)


def shown_scans(world: "World") -> pl.DataFrame:
    """Scans with the ids and the code that the log has; also used for the truth."""
    rows = world.scans
    person = rows["person"].to_numpy()
    main = np.zeros(len(person), dtype=np.int64)
    guides, _ = guide_names(world.stores)
    kind = pl.col("kind")
    code = (
        pl.when(kind == RECEIPT)
        .then("Q-receipt-" + pl.col("store_code"))
        .when(kind == PARCEL)
        .then(d.text("Q-parcel"))
        .when(kind == MACHINE)
        .then("Q-body-" + (pl.col("product") // 5).cast(pl.String))
        .when(kind == GUIDE)
        .then("Q-guide-" + pl.col("userid"))
        .otherwise("Q-service-" + pl.col("worker").cast(pl.String))
    )
    return rows.with_columns(
        openid=pl.Series(service_openids(world.contacts, main, person), dtype=pl.String),
        unionid=pl.Series(unionids(world.contacts, main, person), dtype=pl.String),
        store_code=_store_codes(world, rows["store"]),
        userid=d.gather(guides, rows["guide"]),
    ).with_columns(code=code)


def write_qr(world: "World", out: Exports, day: Period | None = None) -> None:
    """The log of scans."""
    span, nothing = world.span, d.text("")
    rows = shown_scans(world)
    kind = pl.col("kind")
    at_store = kind.is_in([RECEIPT, GUIDE])
    titles = d.gather(world.goods.title, rows["product"].fill_null(0))
    for period in [day] if day else periods(span, 6, delay_hours=5):
        shown = rows.with_columns(title=titles).filter(period.covers())
        if not len(shown):
            continue
        table = shown.select(
            扫码时间=d.moment(pl.col("at"), span),
            二维码类型=kind.replace_strict(list(_CODES), list(_CODES.values()), return_dtype=pl.String),
            二维码ID="code",
            appid=d.text(APPIDS[0]),
            openid="openid",
            unionid="unionid",
            员工编号=pl.when(kind == GUIDE).then("userid").otherwise(nothing),
            门店编号=pl.when(at_store).then("store_code").otherwise(nothing),
            订单号=pl.when(kind.is_in([RECEIPT, PARCEL])).then("order_no").otherwise(nothing),
            机身码=pl.when(kind == MACHINE).then("machine").otherwise(nothing),
            机型=pl.when(kind == MACHINE).then("title").otherwise(nothing),
        )
        path = f"qr/{SCANS}/扫码记录_{out.stamp_text(period.exported_at, '%Y%m%d%H%M%S')}.csv"
        write_csv(out, path, table, period.exported_at, "utf-8-sig")


def shown_visits(world: "World") -> pl.DataFrame:
    """Visits with phone and store as the books have them; also used for the truth."""
    rows = world.visits
    return rows.with_columns(
        phone_plain=d.gather(world.contacts.phone_text, rows["phone"]),
        store_code=_store_codes(world, rows["store"]),
        userid=d.gather(guide_names(world.stores)[0], rows["guide"]),
    )


def write_store_visits(world: "World", out: Exports, day: Period | None = None) -> None:
    """The books of all stores together."""
    rows = shown_visits(world)
    for period in [day] if day else periods(world.span, 6, delay_hours=26):
        shown = rows.filter(period.covers())
        if not len(shown):
            continue
        table = shown.select(
            到店时间=d.moment(pl.col("at"), world.span),
            门店编号="store_code",
            客户姓名="name",
            手机号="phone_plain",
            来意=d.gather(list(REASONS), shown["reason"]),
            意向品类=d.gather(list(SHORT_NAMES), shown["category"]),
            客户来源=d.gather(list(ORIGINS), shown["origin"]),
            接待人工号="userid",
        )
        path = f"store_visits/{VISITS}/到店登记_{out.stamp_text(period.exported_at, '%Y%m%d%H%M%S')}.xlsx"
        write_book(out, path, table, period.exported_at, "到店登记")


def shown_reviews(world: "World") -> pl.DataFrame:
    """Reviews with their number and the shop or till under which they are exported; also used for the truth."""
    rows = world.reviews
    store = rows["store"].fill_null(0).to_numpy()
    shops = (
        pl.when(pl.col("channel") == TMALL)
        .then(d.gather(list(TMALL_SHOPS), rows["shop"]))
        .when(pl.col("channel") == JD)
        .then(d.text(JD_SHOP))
        .when(pl.col("channel") == POS)
        .then(d.gather(list(POS_ACCOUNTS), world.stores.account[store]))
        .otherwise(d.text(YOUZAN_SHOP))
    )
    words = [WORDS[min(2, max(0, s - 2))][w % 3] for s, w in rows.select("stars", "words").iter_rows()]
    nick = d.gather(world.contacts.tmall_nick, rows["person"])
    return rows.with_columns(
        review_no="PJ" + pl.col("number").cast(pl.String).str.zfill(7),
        account_name=shops,
        said=pl.Series(words, dtype=pl.String),
        nick=nick.str.slice(0, 1) + "**" + nick.str.slice(-1),
        store_name=d.gather(world.stores.name, store),
        sku=d.gather(world.goods.sku, rows["product"]),
    )


def write_review(world: "World", out: Exports, day: Period | None = None) -> None:
    """Reviews of orders by shop, those of stores by till account."""
    span, rows = world.span, shown_reviews(world)
    for period in [day] if day else periods(span, 12, delay_hours=20):
        for (account,), shown in rows.filter(period.covers()).group_by("account_name", maintain_order=True):
            common = {
                "评价编号": pl.col("review_no"),
                "评价时间": d.moment(pl.col("at"), span),
                "评价内容": pl.col("said"),
            }
            if shown["channel"][0] == POS:
                own = {
                    "星级": d.number(pl.col("stars")),
                    "门店": pl.col("store_name"),
                    "会员卡号": d.prefixed("\t", pl.col("card")),
                }
            else:
                own = {
                    "订单编号": pl.col("order_no"),
                    "商品编码": pl.col("sku"),
                    "评分": d.number(pl.col("stars")) + "星",
                    "服务评分": d.number(pl.col("service")),
                    "物流评分": d.number(pl.col("delivery")),
                    "买家昵称": pl.col("nick"),
                }
            path = f"review/{account}/评价导出_{out.stamp_text(period.exported_at, '%Y%m%d%H%M%S')}.csv"
            write_csv(out, path, shown.select(**common, **own), period.exported_at, "utf-8-sig")
