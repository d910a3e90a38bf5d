"""The referral tool: who brought whom, a row for each level."""

import polars as pl

from simulator.model import World
from simulator.referrals import PROGRAMME, REWARDS
from simulator.writers import dressing as d
from simulator.writers.exports import Exports, Period
from simulator.writers.tables import write_csv


def shown_referrals(world: World, day: Period | None) -> pl.DataFrame:
    """All referrals so far, or those that a day brought or made buyers of; with the phones told. Also for the truth."""
    rows = world.referrals
    if day is None:
        rows = rows.filter(pl.col("at") < world.span.end)
    else:
        bought = (pl.col("order_at") >= day.start) & (pl.col("order_at") < day.end)
        rows = rows.filter(day.covers() | (bought & (pl.col("at") < day.end)))
    contacts, at = world.contacts, rows["at"].to_numpy()
    known = contacts.own_phone_at(rows["person"].to_numpy(), at)
    above = contacts.own_phone_at(rows["referrer"].to_numpy(), at)
    return rows.with_columns(
        any_phone=known,
        above_phone=above,
        phone=d.gather(contacts.phone_text, known),
        referrer_phone=d.gather(contacts.phone_text, above),
        referrer_name=d.gather(world.people.full_name(), rows["referrer"]),
    )


def write_referral(world: World, out: Exports, day: Period | None = None) -> None:
    """One list, or what a day changed of it."""
    made_at = day.exported_at if day else world.span.end - 1
    rows = shown_referrals(world, day)
    if not len(rows):
        return
    bought = (pl.col("order_at") <= made_at) & (pl.col("order") >= 0)
    worth = pl.col("level").replace_strict([1, 2, 3], [str(r) for r in REWARDS], return_dtype=pl.String)
    table = rows.select(
        推荐编号="TJ" + pl.col("number").cast(pl.String).str.zfill(6),
        推荐人姓名="referrer_name",
        推荐人手机号="referrer_phone",
        被推荐人姓名="name",
        被推荐人手机号="phone",
        推荐层级=pl.col("level").replace_strict([1, 2, 3], ["一级", "二级", "三级"], return_dtype=pl.String),
        推荐时间=d.moment(pl.col("at"), world.span),
        活动编号=d.text(PROGRAMME),
        奖励积分=pl.when(bought).then(worth).otherwise(d.text("")),
        首单订单号=pl.when(bought).then("order_no").otherwise(d.text("")),
    )
    path = f"referral/chengyu/老带新_{out.stamp_text(made_at, '%Y%m%d%H%M%S')}.csv"
    write_csv(out, path, table, made_at, "utf-8-sig")
