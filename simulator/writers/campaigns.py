"""Campaigns: who was put into which arm, and the reports of the messages that the arms were sent."""

from typing import TYPE_CHECKING, Final

import polars as pl

from simulator.campaigns import HOLDOUT, PLANS
from simulator.catalogue import SMS_ACCOUNT
from simulator.writers import dressing as d
from simulator.writers.aliyun_sms import report
from simulator.writers.exports import Exports, Period
from simulator.writers.tables import write_csv

if TYPE_CHECKING:
    from simulator.model import World

FOLDER: Final = "chengyu"


def shown_members(world: "World") -> pl.DataFrame:
    """The lists with code, arm and phone as they show them; also used for the truth."""
    rows = world.campaigns.members
    arms = [[*(arm.name for arm in plan.arms), HOLDOUT] for plan in PLANS]
    told = [arms[c][a] for c, a in rows.select("campaign", "arm").iter_rows()]
    return rows.with_columns(
        code=d.gather([plan.code for plan in PLANS], rows["campaign"]),
        told_arm=pl.Series(told, dtype=pl.String),
        phone_plain=d.gather(world.contacts.phone_text, rows["phone"]),
        biz_id="7" + (100_000 + pl.col("campaign") * 7919).cast(pl.String) + "^0",
    )


def shown_messages(world: "World") -> pl.DataFrame:
    """What was sent: nothing to those held out. Also used for the truth."""
    return shown_members(world).filter(pl.col("arm") >= 0)


def write_campaigns(world: "World", out: Exports, day: Period | None = None) -> None:
    """A list and a report a campaign; all campaigns are over before the as-of day."""
    if day is not None:
        return
    members, sent = shown_members(world), shown_messages(world)
    for (number,), rows in members.group_by("campaign", maintain_order=True):
        at = int(rows["assigned_at"][0])
        _write_list(world, out, rows, at)
        messages = sent.filter(pl.col("campaign") == number)
        made_at = int(messages["at"].max()) + 3600  # type: ignore[arg-type]
        stamp = out.stamp_text(made_at, "%Y%m%d%H%M%S")
        data = report(world.span, messages, pl.col("code"))
        out.write(f"aliyun_sms/{SMS_ACCOUNT}/SmsReport_{rows['code'][0]}_{stamp}.json", data, made_at, len(messages))


def _write_list(world: "World", out: Exports, rows: pl.DataFrame, at: int) -> None:
    treated = pl.col("arm") >= 0
    table = rows.select(
        活动编号="code",
        分组="told_arm",
        入组时间=d.moment(pl.col("assigned_at"), world.span),
        手机号="phone_plain",
        会员卡号=d.text(""),
        OneID=d.text(""),
        触达渠道=pl.when(treated).then(d.text("短信")).otherwise(d.text("")),
        单人成本=pl.when(treated).then(d.text("0.05")).otherwise(d.text("")),
        备注=pl.when(treated).then(d.text("")).otherwise(d.text("不触达")),
    )
    path = f"campaign/{FOLDER}/活动名单_{rows['code'][0]}_{out.stamp_text(at, '%Y%m%d')}.csv"
    write_csv(out, path, table, at + 60, "utf-8-sig")
