"""The tracker's log: one JSON object a line, quarterly files or one a day."""

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from simulator.journeys import CART, CHECKOUT, FROM_GUIDE, LOGIN, PURCHASE, SOURCES, VIEW, VISIT
from simulator.wechat import guide_names, unionids
from simulator.writers import dressing as d
from simulator.writers.exports import Exports, Period, periods

if TYPE_CHECKING:
    from simulator.model import World

PROJECT: Final = "chengyu_mall"
_HOURS_AHEAD: Final = 8 * 3600
_ON_PHONE: Final = {
    VISIT: "$MPLaunch", LOGIN: "Login", VIEW: "ViewProduct", CART: "AddToCart", CHECKOUT: "SubmitOrder",
    PURCHASE: "PayOrder",
}  # fmt: skip
_ON_WEB: Final = {**_ON_PHONE, VISIT: "$pageview"}


def shown_events(world: "World") -> pl.DataFrame:
    """The events with ids and names as the log has them; also used for the truth."""
    events, contacts = world.journeys.events, world.contacts
    person, at = events["person"].to_numpy(), events["at"].to_numpy()
    alone = (contacts.shares < 0) & ~world.phenomena.lends_phone
    phone = contacts.own_phone_at(person, at)
    signs_up = (pl.col("what") == LOGIN) & pl.col("fresh") & ~pl.col("web")
    what = pl.col("what")
    names = [
        what.replace_strict(list(told), list(told.values()), return_dtype=pl.String) for told in (_ON_PHONE, _ON_WEB)
    ]
    event = pl.when(signs_up).then(d.text("$SignUp")).when("web").then(names[1]).otherwise(names[0])
    is_login = what == LOGIN
    tells_phone = is_login & pl.Series(alone[person])
    return events.with_columns(
        login="u" + pl.col("person").cast(pl.String).str.zfill(8),
        event=event,
        kind=pl.when(signs_up).then(d.text("track_signup")).otherwise(d.text("track")),
        track=(700_000_000 + pl.col("number")).cast(pl.String),
        any_phone=pl.when(tells_phone).then(pl.Series(phone)).otherwise(-1),
        phone=pl.when(tells_phone).then(d.gather(contacts.phone_text, phone)).otherwise(d.text("")),
        unionid=pl.when(is_login & ~pl.col("web"))
        .then(pl.Series(unionids(contacts, np.zeros(len(person), dtype=np.int64), person), dtype=pl.String))
        .otherwise(d.text("")),
    ).with_columns(distinct=pl.when("known").then("login").otherwise("device"))


def write_sensors(world: "World", out: Exports, day: Period | None = None) -> None:
    """The log of each quarter, or that of one day."""
    events = _with_properties(world, shown_events(world))
    for period in [day] if day else periods(world.span, 3, delay_hours=2):
        rows = events.filter(period.covers())
        if len(rows):
            lines = rows.select(_line(world).alias("line"))["line"].to_list()
            path = f"sensors/{PROJECT}/events_{out.stamp_text(period.exported_at, '%Y%m%d%H%M%S')}.jsonl"
            out.write(path, ("\n".join(lines) + "\n").encode(), period.exported_at, len(lines))


def _with_properties(world: "World", events: pl.DataFrame) -> pl.DataFrame:
    source, person = events["source"], events["person"].to_numpy()
    ids, _ = guide_names(world.stores)
    orders = world.sales.orders.select("order", "order_no", "payable")
    return events.with_columns(
        utm_source=d.gather([s[0] for s in SOURCES], source),
        utm_campaign=pl.when(pl.col("campaign") != "")
        .then("campaign")
        .otherwise(d.gather([s[1] for s in SOURCES], source)),
        sku=d.gather(world.goods.sku, events["product"]),
        price=pl.Series(world.goods.price[events["product"].to_numpy()]),
        os=d.gather(["iOS", "Android", "Windows"], np.where(events["web"].to_numpy(), 2, person % 2)),
        guide_id=d.gather(ids, events["guide"]),
    ).join(orders, on="order", how="left", maintain_order="left")


def _pair(name: str, value: pl.Expr) -> pl.Expr:
    """`,"name":"value"`, nothing where there is no value; values have no character that JSON would escape."""
    return pl.when(value.fill_null("") == "").then(d.text("")).otherwise(pl.lit(f',"{name}":"') + value + pl.lit('"'))


def _number(name: str, value: pl.Expr) -> pl.Expr:
    return pl.lit(f',"{name}":') + value


def milliseconds(world: "World") -> pl.Expr:
    """The time of an event as the log has it."""
    start = int(np.datetime64(world.span.start, "s").astype(np.int64)) - _HOURS_AHEAD
    return ((pl.col("at") + start) * 1000).cast(pl.String)


def _line(world: "World") -> pl.Expr:
    what, nothing = pl.col("what"), d.text("")
    lands, of_product = what == VISIT, what.is_in([VIEW, CART])
    on_web, by_guide = pl.col("web"), lands & (pl.col("source") == FROM_GUIDE)
    ordered = what.is_in([CHECKOUT, PURCHASE]) & (pl.col("order") >= 0)
    properties = pl.concat_str(
        pl.when(on_web).then(d.text('"$lib":"js"')).otherwise(d.text('"$lib":"MiniProgram"')),
        _pair("$os", pl.col("os")),
        pl.when(lands).then(_pair("$utm_source", pl.col("utm_source"))).otherwise(nothing),
        pl.when(lands).then(_pair("$utm_campaign", pl.col("utm_campaign"))).otherwise(nothing),
        pl.when(by_guide).then(_pair("guide_id", pl.col("guide_id"))).otherwise(nothing),
        pl.when(of_product).then(_pair("product_id", pl.col("sku"))).otherwise(nothing),
        pl.when(of_product).then(_number("product_price", d.money(pl.col("price")))).otherwise(nothing),
        pl.when(ordered).then(_pair("order_id", pl.col("order_no"))).otherwise(nothing),
        pl.when(ordered).then(_number("order_amount", d.money(pl.col("payable")))).otherwise(nothing),
        _pair("phone", pl.col("phone")),
        _pair("$mp_unionid", pl.col("unionid")),
    )
    return pl.concat_str(
        pl.lit('{"distinct_id":"') + pl.col("distinct") + pl.lit('"'),
        _pair("anonymous_id", pl.col("device")),
        pl.when("known").then(_pair("login_id", pl.col("login"))).otherwise(nothing),
        pl.lit(',"time":') + milliseconds(world),
        _pair("type", pl.col("kind")),
        _pair("event", pl.col("event")),
        _pair("project", d.text(PROJECT)),
        pl.lit(',"_track_id":') + pl.col("track"),
        pl.lit(',"properties":{') + properties + pl.lit("}}"),
    )
