"""Leads of partners (a list that is exported each quarter again as it changes) and of advertisements (JSON lines)."""

from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

from simulator.advertising import LEADS as LEAD_PLAN
from simulator.advertising import PLANS
from simulator.brand import store_code
from simulator.leads import FOLLOWED, LOST, LOST_BECAUSE, NEW, WON, state_at
from simulator.places import cities
from simulator.plans import SHORT_NAMES
from simulator.wechat import guide_names
from simulator.writers import dressing as d
from simulator.writers.exports import Exports, Period, periods
from simulator.writers.tables import write_book

if TYPE_CHECKING:
    from simulator.model import World

PARTNERS: Final = "partner/chengyu"
ADVERTISER: Final = "chengyu-feiyu"
_STATES: Final = {NEW: "待跟进", FOLLOWED: "跟进中", WON: "已成交", LOST: "已流失"}
_CLUE_STATES: Final = {NEW: "待跟进", FOLLOWED: "跟进中", WON: "已转化", LOST: "无效"}


def moments(world: "World", day: Period | None) -> list[Period]:
    """The exports: one each quarter, or that of one day."""
    return [day] if day else periods(world.span, 3, delay_hours=30)


def shown_leads(world: "World", period: Period, *, by_ad: bool) -> pl.DataFrame:
    """Leads that came or changed in a period, with their state as of its end; also used for the truth."""
    rows = world.leads.filter(pl.col("by_ad") == by_ad)
    touched = period.covers()
    for change in ("followed_at", "won_at", "lost_at"):
        touched |= (pl.col(change) >= period.start) & (pl.col(change) < period.end)
    rows = rows.filter(touched & (pl.col("at") < period.end)).with_columns(state=state_at(period.end - 1))
    store = [store_code(i) for i in range(len(world.stores.name))]
    partner = rows["partner"]
    partners = world.brand.partners
    contacts = world.contacts
    return rows.with_columns(
        lead_no=pl.lit("C" if by_ad else "BB") + (6_900_000 + pl.col("number")).cast(pl.String),
        phone_plain=d.gather(contacts.phone_text, rows["phone"]),
        store_code=d.gather(store, rows["store"]),
        store_name=d.gather(world.stores.name, rows["store"]),
        userid=d.gather(guide_names(world.stores)[0], rows["guide"]),
        agent=partners["person"].gather(partner),
        agent_number=pl.Series(contacts.main[partners["person"].gather(partner).to_numpy()]),
        agent_name=partners["contact"].gather(partner),
        agent_phone=partners["phone"].gather(partner),
        partner_code=partners["code"].gather(partner),
        bought_no=pl.when(pl.col("state") == WON).then("order_no").otherwise(d.text("")),
    )


def write_partner_leads(world: "World", out: Exports, day: Period | None = None) -> None:
    """What partners handed in."""
    span, nothing = world.span, d.text("")
    for period in moments(world, day):
        rows = shown_leads(world, period, by_ad=False)
        if not len(rows):
            continue
        known = pl.col("state")
        table = rows.select(
            报备编号="lead_no",
            合作方编号="partner_code",
            报备人="agent_name",
            报备人电话="agent_phone",
            客户姓名="name",
            客户电话="phone_plain",
            意向品类=d.gather(list(SHORT_NAMES), rows["category"]),
            报备时间=d.moment(pl.col("at"), span),
            跟进时间=d.moment(pl.col("followed_at"), span, before=period.end),
            成交时间=d.moment(pl.col("won_at"), span, before=period.end),
            状态=known.replace_strict(list(_STATES), list(_STATES.values()), return_dtype=pl.String),
            流失原因=pl.when(known == LOST).then(d.gather(list(LOST_BECAUSE), rows["reason"])).otherwise(nothing),
            跟进门店="store_code",
            跟进人工号="userid",
            成交单号="bought_no",
        )
        path = f"{PARTNERS}/异业报备_{out.stamp_text(period.exported_at, '%Y%m%d%H%M%S')}.xlsx"
        write_book(out, path, table, period.exported_at, "报备")


def write_ocean_engine(world: "World", out: Exports, day: Period | None = None) -> None:
    """What people left on an advertisement."""
    table, span = cities(), world.span
    for period in moments(world, day):
        rows = shown_leads(world, period, by_ad=True)
        if not len(rows):
            continue
        place = np.where(world.people.overseas, 0, world.people.city)[rows["person"].to_numpy()]
        changed = pl.max_horizontal(
            *(pl.when(pl.col(c) < period.end).then(c) for c in ("at", "followed_at", "won_at", "lost_at"))
        )
        rows = rows.with_columns(province=d.gather(table.province, place), city=d.gather(table.name, place))
        clue = pl.struct(
            clue_id=pl.col("lead_no"),
            promotion_id=pl.lit(PLANS[LEAD_PLAN].code),
            telephone=pl.col("phone_plain"),
            name=pl.col("name"),
            province_name=pl.col("province"),
            city_name=pl.col("city"),
            clue_type=pl.lit(1),
            create_time_detail=d.moment(pl.col("at"), span),
            modify_time=d.moment(changed, span),
            clue_state_name=pl.col("state").replace_strict(
                list(_CLUE_STATES), list(_CLUE_STATES.values()), return_dtype=pl.String
            ),
            store=pl.struct(store_id=pl.col("store"), store_name=pl.col("store_name")),
        )
        lines = rows.select(clue.struct.json_encode().alias("line"))["line"].to_list()
        path = f"ocean_engine/{ADVERTISER}/clues_{out.stamp_text(period.exported_at, '%Y%m%d%H%M%S')}.jsonl"
        out.write(path, ("\n".join(lines) + "\n").encode(), period.exported_at, len(lines))
