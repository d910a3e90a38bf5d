"""The tills: Pospal tickets (JSONL) and members (GB18030 csv with tabs before numbers)."""

from typing import Final

import numpy as np
import polars as pl

from simulator.catalogue import POS_FOLDERS
from simulator.fulfilment import NEVER
from simulator.members import PLACEHOLDERS
from simulator.model import World
from simulator.people import DAY, birth_dates
from simulator.presence import POS
from simulator.streams import Streams
from simulator.writers import dressing as d
from simulator.writers.damage import spoil
from simulator.writers.exports import Exports, Period, periods

_METHODS: Final = ("微信", "支付宝", "现金", "银行卡", "储值")
_LEVELS: Final = ("普通会员", "银卡会员", "金卡会员", "钻石会员")


def tickets(world: World) -> pl.DataFrame:
    """Sales and returns at the tills with number, account, time and sign; also used for the truth."""
    orders = world.sales.orders.filter(pl.col("channel") == POS)
    account = world.stores.account[orders["store"].to_numpy()]
    sold = orders.with_columns(account=account, moment=pl.col("at"), sign=pl.lit(1), sn=pl.col("order_no"))
    back = sold.filter(pl.col("returned_at") < NEVER).with_columns(
        moment=pl.col("returned_at"),
        sign=pl.lit(-1),
        sn=d.moment(pl.col("returned_at"), world.span, pattern="%Y%m%d%H%M%S")
        + (5_000_000 + pl.col("order")).cast(pl.String),
    )
    return pl.concat([sold, back]).sort("moment", "order", "sign")


def shown_cards(world: World, exported_at: int) -> pl.DataFrame:
    """The members at a moment with `phone_text` as known by then."""
    contacts = world.contacts
    rows = world.members.cards.filter(pl.col("at") <= exported_at)
    person, phone = rows["person"].to_numpy(), rows["phone"].to_numpy()
    moved = rows["updates"].to_numpy() & (contacts.old[person] == phone) & (contacts.old[person] >= 0)
    now = np.where(moved & (contacts.changed_at[person] <= exported_at), contacts.main[person], phone)
    text = np.where(
        now >= 0,
        contacts.phone_text[np.maximum(now, 0)],
        np.asarray(PLACEHOLDERS, dtype=object)[-1 - np.minimum(now, -1)],
    )
    return rows.with_columns(phone=now, phone_text=pl.Series(text, dtype=pl.String))


def member_times(world: World) -> tuple[int, int]:
    """When the lists of members in the landing folder were made."""
    return int(0.6 * world.span.end), world.span.end - 1


def changed_cards(world: World, day: Period) -> pl.DataFrame:
    """Members who came in a day or whose phone was brought up to date in it."""
    shown = shown_cards(world, day.exported_at)
    before = shown_cards(world, day.start - 1).select("card", before="phone")
    joined = shown.join(before, on="card", how="left", maintain_order="left")
    return joined.filter(pl.col("before").is_null() | (pl.col("before") != pl.col("phone"))).drop("before")


def write_pos(world: World, out: Exports, day: Period | None = None) -> None:
    """Half-yearly tickets and two lists of members of each till account, or those of one day."""
    everything = tickets(world)
    for account, name in enumerate(POS_FOLDERS):
        own = everything.filter(pl.col("account") == account)
        for period in [day] if day else periods(world.span, 6, delay_hours=3):
            _write_tickets(world, out, own.filter(period.covers("moment")), period, name)
        for exported_at in [day.exported_at] if day else member_times(world):
            shown = changed_cards(world, day) if day else shown_cards(world, exported_at)
            _write_members(world, out, shown.filter(pl.col("account") == account), exported_at, name)


def _write_tickets(world: World, out: Exports, shown: pl.DataFrame, period: Period, account: str) -> None:
    if not len(shown):
        return
    path = f"pos/{account}/tickets_{out.stamp_text(period.exported_at, '%Y%m%d%H%M%S')}.jsonl"
    framed = shown.join(_items(world, shown), on="order", how="left", maintain_order="left")
    framed = framed.with_columns(
        store_name=d.gather(world.stores.name, framed["store"]),
        pay=d.gather(list(_METHODS), framed["method"]),
    )
    lines = framed.select(_ticket(world).struct.json_encode().alias("line"))["line"].to_list()
    rng = Streams(len(lines))(path)
    lines = _with_void(rng, lines)
    lines = spoil(rng, lines)
    out.write(path, ("\n".join(lines) + "\n").encode(), period.exported_at, len(lines))


def _items(world: World, shown: pl.DataFrame) -> pl.DataFrame:
    lines = world.sales.lines.join(shown.select("order").unique(), on="order", how="semi", maintain_order="left")
    share = lines.join(
        shown.filter(pl.col("sign") == 1).select("order", "goods", "payable").unique("order"),
        on="order",
        how="left",
        maintain_order="left",
    )
    framed = share.with_columns(
        title=d.gather(world.goods.title, lines["product"]), sku=d.gather(world.goods.sku, lines["product"])
    )
    item = pl.struct(
        name=pl.col("title"),
        sellPrice=pl.col("price"),
        customerPrice=pl.col("price"),
        quantity=pl.col("qty"),
        discount=pl.lit(100),
        totalAmount=(pl.col("amount") * pl.col("payable") / pl.col("goods")).fill_null(pl.col("amount")).round(2),
        productUid=pl.col("sku"),
    )
    return framed.group_by("order", maintain_order=True).agg(items=item)


def _ticket(world: World) -> pl.Expr:
    sign = pl.col("sign")
    coupon = pl.col("coupon") & (pl.col("discount") > 0) & (sign > 0)
    paid = pl.struct(code=pl.col("pay"), amount=pl.col("payable") * sign)
    voucher = pl.struct(code=pl.lit("优惠券"), amount=pl.col("discount"))
    # Members who gave no card appear in each of the ways that tills write "nobody".
    nobody = pl.when(pl.col("order") % 3 == 0).then(pl.lit("0")).when(pl.col("order") % 3 == 1).then(pl.lit(""))
    return pl.struct(
        sn=pl.col("sn"),
        datetime=d.moment(pl.col("moment"), world.span),
        cashierUid="cashier" + pl.col("store").cast(pl.String).str.zfill(3),
        customerUid=pl.when(pl.col("card") != "").then(pl.col("card")).otherwise(nobody),
        ticketType=pl.when(sign > 0).then(pl.lit("SELL")).otherwise(pl.lit("SELL_RETURN")),
        invalid=pl.lit(0),
        totalAmount=pl.col("payable") * sign,
        discount=pl.col("discount") * sign,
        rounding=pl.lit(0.0),
        externalOrderNo=pl.when((pl.col("method") == 0) & ~pl.col("own_number"))
        .then("W" + pl.col("order_no"))
        .otherwise(pl.lit("")),
        storeUid=pl.col("store_name"),
        payments=pl.when(coupon).then(pl.concat_list(paid, voucher)).otherwise(pl.concat_list(paid)),
        items=pl.col("items"),
    )


def _with_void(rng: np.random.Generator, lines: list[str]) -> list[str]:
    """Some tickets were rung up, cancelled and rung up again: a void copy under another number."""
    result = list(lines)
    for place in sorted(rng.integers(0, len(lines), max(1, len(lines) // 250)).tolist(), reverse=True):
        copy = lines[place].replace('"sn":"', '"sn":"V', 1).replace('"invalid":0', '"invalid":1', 1)
        result.insert(place, copy)
    return result


def _write_members(world: World, out: Exports, shown: pl.DataFrame, exported_at: int, account: str) -> None:
    if not len(shown):
        return
    people, person = world.people, shown["person"].to_numpy()
    framed = shown.join(_spending(world, exported_at), on="card", how="left", maintain_order="left").with_columns(
        store_name=d.gather(world.stores.name, shown["store"]),
        gender=d.gather(["女", "男"], people.gender[person]),
        born=pl.Series("born", birth_dates(people.birth[person])).dt.strftime("%Y-%m-%d"),
        level_name=d.gather(list(_LEVELS), shown["level"]),
    )
    columns = [*d.header("stored_value_pos"), "会员性别", "会员生日", "身份证号", "会员等级", "积分余额"]
    rows = d.rows(framed, d.arrange(columns, _member_cells(world), d.text("")))
    path = f"pos/{account}/members_{out.stamp_text(exported_at, '%Y%m%d%H%M%S')}.csv"
    rows = spoil(Streams(len(rows))(path), rows)
    titled = exported_at < world.span.end - DAY
    lines = [f"会员资料{',' * (len(columns) - 1)}"] if titled else []
    lines += [",".join(columns), *rows, _total(framed, columns)]
    out.write(path, d.encode(lines, "gb18030"), exported_at, len(rows))


def _total(framed: pl.DataFrame, columns: list[str]) -> str:
    cells = dict.fromkeys(columns, "")
    cells[columns[0]] = "合计"
    cells["储值本金余额(¥)"] = f"{float(framed['balance'].sum()):.2f}"
    return ",".join(cells.values())


def _spending(world: World, exported_at: int) -> pl.DataFrame:
    past = world.sales.orders.filter(
        (pl.col("channel") == POS) & (pl.col("at") <= exported_at) & (pl.col("card") != "")
    )
    return past.group_by("card").agg(n_paid=pl.len(), spent=pl.col("paid").sum(), last_paid=pl.col("at").max())


def _member_cells(world: World) -> dict[str, pl.Expr]:
    nothing, known = d.text(""), pl.col("n_paid").is_not_null()
    return {
        "门店": pl.col("store_name"),
        "会员编号": pl.lit("\t") + pl.col("card"),
        "会员姓名": pl.col("name"),
        "手机号码": pl.lit("\t") + pl.col("phone_text"),
        "会员卡名称": d.text("澄屿会员卡"),
        "储值本金余额(¥)": d.money(pl.col("balance")),
        "储值赠送金额(¥)": d.text("0.00"),
        "累计消费金额(¥)": d.money(pl.col("spent").fill_null(0.0)),
        "累计消费次数": d.number(pl.col("n_paid").fill_null(0)),
        "会员加入时间": d.moment(pl.col("at"), world.span),
        "上次消费时间": pl.when(known).then(d.moment(pl.col("last_paid").fill_null(0), world.span)).otherwise(nothing),
        "会员性别": pl.when(pl.col("has_gender")).then(pl.col("gender")).otherwise(nothing),
        "会员生日": pl.when(pl.col("has_birthday")).then(pl.col("born")).otherwise(nothing),
        "身份证号": d.prefixed("\t", pl.col("national_id")),
        "会员等级": pl.col("level_name"),
        "积分余额": d.number(pl.col("points")),
    }
