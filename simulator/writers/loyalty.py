"""The till's ledgers: points, stored value, coupons; one file a till account and half-year, coupons whole."""

from typing import TYPE_CHECKING, Final

import polars as pl

from simulator.catalogue import POS_ACCOUNTS, POS_FOLDERS
from simulator.coupons import ACCOUNTS, TITLES
from simulator.fulfilment import NEVER
from simulator.presence import POS
from simulator.writers import dressing as d
from simulator.writers.exports import Exports, Period, periods
from simulator.writers.tables import write_csv

if TYPE_CHECKING:
    from simulator.model import World

_FOLDERS: Final = (*POS_FOLDERS, ACCOUNTS[len(POS_FOLDERS)])


def write_loyalty(world: "World", out: Exports, day: Period | None = None) -> None:
    """What moved in each half-year and every coupon so far, or what one day brought."""
    spans = [day] if day else periods(world.span, 6, delay_hours=3)
    if day is None:  # what was before the files begin is in the first of them
        spans[0] = Period(spans[0].label, -(10**9), spans[0].end, spans[0].exported_at)
    points, stored = shown_points(world), shown_stored_value(world)
    for account, folder in enumerate(POS_FOLDERS):
        for span in spans:
            stamp = out.stamp_text(span.exported_at, "%Y%m%d%H%M%S")
            rows = points.filter((pl.col("account") == account) & span.covers())
            if len(rows):
                write_csv(out, f"pos/{folder}/积分流水_{stamp}.csv", _points(world, rows), span.exported_at)
            rows = stored.filter((pl.col("account") == account) & span.covers())
            if len(rows):
                write_csv(out, f"pos/{folder}/储值流水_{stamp}.csv", _stored_value(world, rows), span.exported_at)
    made_at = day.exported_at if day else world.span.end - 1
    coupons = shown_coupons(world, day)
    for account, folder in enumerate(_FOLDERS):
        rows = coupons.filter(pl.col("account") == account)
        if len(rows):
            path = f"pos/{folder}/优惠券明细_{out.stamp_text(made_at, '%Y%m%d%H%M%S')}.csv"
            write_csv(out, path, _coupons(world, rows, made_at), made_at, "utf-8-sig")


def shown_points(world: "World") -> pl.DataFrame:
    """Entries with their number and the till's account; also used for the truth."""
    return world.points.with_columns(
        entry_no="JF" + pl.col("number").cast(pl.String).str.zfill(8),
        account_name=d.gather(list(POS_ACCOUNTS), world.points["account"]),
    )


def shown_stored_value(world: "World") -> pl.DataFrame:
    """Entries with their number and the till's account; also used for the truth."""
    return world.stored_value.with_columns(
        entry_no="CZ" + pl.col("number").cast(pl.String).str.zfill(7),
        account_name=d.gather(list(POS_ACCOUNTS), world.stored_value["account"]),
    )


def shown_coupons(world: "World", day: Period | None) -> pl.DataFrame:
    """All coupons given so far, or those that a day gave, redeemed or let lapse; also used for the truth."""
    rows = world.coupons
    if day is None:
        rows = rows.filter(pl.col("at") < world.span.end)
    else:
        lapsed = (pl.col("redeemed_at") >= NEVER) & _within(day, "expires_at")
        rows = rows.filter(_within(day, "at") | _within(day, "redeemed_at") | lapsed)
    person = rows["person"].to_numpy()
    contacts = world.contacts
    phone = contacts.own_phone_at(person, rows["at"].to_numpy())
    return rows.with_columns(
        coupon_no="8" + pl.col("number").cast(pl.String).str.zfill(9),
        account_name=d.gather(list(ACCOUNTS), rows["account"]),
        any_phone=phone,
        phone=pl.when(pl.col("card") == "").then(d.gather(contacts.phone_text, phone)).otherwise(d.text("")),
    )


def _within(day: Period, column: str) -> pl.Expr:
    return (pl.col(column) >= day.start) & (pl.col(column) < day.end)


def _place(world: "World", rows: pl.DataFrame) -> pl.Series:
    return d.gather(world.stores.name, rows["store"].fill_null(0).clip(0))


def _points(world: "World", rows: pl.DataFrame) -> pl.DataFrame:
    span = world.span
    return rows.with_columns(place=_place(world, rows)).select(
        会员编号=pl.lit("\t") + pl.col("card"),
        变动类型="kind",
        变动积分=d.number(pl.col("points")),
        剩余积分=d.number(pl.col("balance")),
        变动时间=d.moment(pl.col("at"), span),
        过期时间=pl.when(pl.col("points") > 0).then(d.moment(pl.col("expires_at"), span)).otherwise(d.text("")),
        来源渠道="origin",
        小票号=pl.col("order_no"),
        门店="place",
        流水号="entry_no",
    )


def _stored_value(world: "World", rows: pl.DataFrame) -> pl.DataFrame:
    at_home = rows.with_columns(store=pl.coalesce("store", "home"))
    return at_home.with_columns(place=_place(world, at_home)).select(
        会员编号=pl.lit("\t") + pl.col("card"),
        交易类型="kind",
        本金变动=d.money(pl.col("principal")),
        赠送变动=d.money(pl.col("gift")),
        本金余额=d.money(pl.col("principal_left")),
        赠送余额=d.money(pl.col("gift_left")),
        交易时间=d.moment(pl.col("at"), world.span),
        门店="place",
        小票号=pl.col("order_no"),
        流水号="entry_no",
    )


def _coupons(world: "World", rows: pl.DataFrame, made_at: int) -> pl.DataFrame:
    span = world.span
    used = pl.col("redeemed_at") <= made_at
    at_till = pl.col("channel") == POS
    nothing = d.text("")
    state = pl.when(used).then(d.text("已使用")).when(pl.col("expires_at") <= made_at).then(d.text("已过期"))
    where = pl.when(at_till).then(d.text("门店")).otherwise(d.text("小程序"))
    return rows.with_columns(
        place=_place(world, rows), title=d.gather(list(TITLES), rows["template"]), till=_till()
    ).select(
        券码=pl.lit("\t") + pl.col("coupon_no"),
        券模板ID="T" + (100 + pl.col("template")).cast(pl.String),
        券名称="title",
        面值=d.money(pl.col("face")),
        会员卡号=d.prefixed("\t", pl.col("card")),
        手机号码="phone",
        发放渠道=pl.when(pl.col("card") == "").then(d.text("小程序")).otherwise(d.text("门店")),
        领取时间=d.moment(pl.col("at"), span),
        有效期至=d.moment(pl.col("expires_at"), span),
        券状态=state.otherwise(d.text("未使用")),
        核销时间=pl.when(used).then(d.moment(pl.col("redeemed_at"), span)).otherwise(nothing),
        核销渠道=pl.when(used).then(where).otherwise(nothing),
        核销门店=pl.when(used & at_till).then("place").otherwise(nothing),
        核销员工=pl.when(used & at_till).then("till").otherwise(nothing),
        核销订单号=pl.when(used).then("order_no").otherwise(nothing),
        活动编号="campaign",
    )


def _till() -> pl.Expr:
    return "cashier" + pl.col("store").fill_null(0).clip(0).cast(pl.String).str.zfill(3)
