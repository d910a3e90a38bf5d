"""Enrolment: candidates of a campaign become arms, holdout and personal links; and what is told of it afterwards.

Drawing changes nothing on disk but new tokens. `conclude` makes the assignment last and tells the next run of it; it
comes after the list is in place, and can be repeated.
"""

import csv
import datetime as dt
import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import polars as pl

from segments.campaigns.arms import HOLDOUT, arm_of
from segments.campaigns.assignment import MEMBERS, aliases, current, read_assignment, write_assignment
from segments.campaigns.links import address, give_links
from segments.campaigns.plan import Plan
from segments.exporting.files import write_into
from segments.published import Published
from segments.saying import say

# As `analyses.campaigns` compares: below, no difference is told.
LEAST_PEOPLE: Final = 30
_CHANNELS: Final[Mapping[str, str]] = {
    "sms": "短信", "email": "邮件", "wechat_oa": "公众号", "wecom": "企业微信", "phone": "电话",
}  # fmt: skip
_MEMBERS: Final = (
    "活动编号", "分组", "入组时间", "手机号", "会员卡号", "OneID", "触达渠道", "单人成本", "门店编号", "员工编号",
    "备注",
)  # fmt: skip
_PLAN: Final = ("活动编号", "活动名称", "渠道", "开始日期", "结束日期")


@dataclass(frozen=True)
class Enrolment:
    """A campaign's candidates, drawn.

    Attributes:
        rows: those who are written to, with `arm` and, where the plan has links, `link`.
        members: one_id, arm, and where known store_code and staff_code of everybody, held out or not.
        arms: people by arm, the holdout among them.
        notes: what should be known before sending.
    """

    rows: pl.DataFrame
    members: pl.DataFrame
    arms: dict[str, int]
    notes: list[str]

    @property
    def n_held_out(self) -> int:
        """People who get nothing."""
        return self.arms.get(HOLDOUT, 0)


def draw(home: Path, plan: Plan, rows: pl.DataFrame, *, salt: str, merged: pl.DataFrame) -> Enrolment:
    """Draws arms: who is assigned stays, everybody else by hash; writes nothing and gives no links.

    Args:
        home: the GUIYI_HOME folder.
        plan: the campaign.
        rows: its candidates, with `one_id`.
        salt: of the policy.
        merged: OneIDs that were merged away, as `assignment.aliases` gives them.
    """
    known = current(read_assignment(home, plan.code), merged)
    arm_by_id = dict(known.select("one_id", "arm").rows())
    arms = [
        arm_by_id.get(one_id) or arm_of(salt, plan.code, one_id, holdout=float(plan.holdout.share), arms=plan.arms)
        for one_id in rows["one_id"]
    ]
    drawn = rows.with_columns(pl.Series("arm", arms, dtype=pl.String))
    counts = {name: arms.count(name) for name in (*plan.arms, HOLDOUT)}
    n_merged = known.filter("is_merged_arms").join(rows, on="one_id", how="semi").height
    notes = _notes(plan, rows.height, counts, n_merged)
    members = drawn.select(name for name in MEMBERS if name in drawn.columns)
    return Enrolment(drawn.filter(pl.col("arm") != HOLDOUT), members, counts, notes)


def enrol(home: Path, plan: Plan, rows: pl.DataFrame, *, salt: str, merged: pl.DataFrame) -> Enrolment:
    """Draws arms and gives personal links where the plan has them.

    Args:
        home: the GUIYI_HOME folder.
        plan: the campaign.
        rows: its candidates, with `one_id`; `staff_code` and `store_code` where the plan has links.
        salt: of the policy.
        merged: OneIDs that were merged away, as `assignment.aliases` gives them.
    """
    drawn = draw(home, plan, rows, salt=salt, merged=merged)
    if plan.link is None:
        return drawn
    tokens = give_links(home, plan.code, drawn.rows.select("one_id", "arm", "staff_code", "store_code"))
    sent = drawn.rows.join(tokens, on="one_id", how="left", maintain_order="left")
    return replace(drawn, rows=sent.with_columns(link=address(plan.link.base, pl.col("token"))).drop("token"))


def _notes(plan: Plan, n: int, counts: Mapping[str, int], n_merged: int) -> list[str]:
    notes: list[str] = []
    share, held = float(plan.holdout.share), counts[HOLDOUT]
    smallest = min(counts[name] for name in plan.arms)
    if share == 0:
        notes.append(say("nobody_held_out"))
    elif min(held, smallest) < LEAST_PEOPLE:
        least_share = min(share, *(s * (1 - share) for s in plan.arms.values()))
        enough = f"{math.ceil(LEAST_PEOPLE / least_share):,}"
        notes.append(
            say(
                "too_small_for_holdout",
                share=f"{share:.0%}",
                held=held,
                n=n,
                smallest=smallest,
                least=LEAST_PEOPLE,
                enough=enough,
            )
        )
    if n_merged:
        notes.append(say("merged_arms", n=n_merged))
    return notes


def conclude(
    published: Published,
    plan: Plan,
    members: pl.DataFrame,
    *,
    channel: str | None,
    at: dt.datetime,
    export_id: str,
    run_id: str,
) -> None:
    """Makes a list's assignment last, and lays it into the landing folder, so that the next run measures it.

    Args:
        published: the open run.
        plan: the campaign.
        members: as of `Enrolment`.
        channel: of the list.
        at: when the list was made, UTC.
        export_id: its name in the register.
        run_id: the run that it was made from.
    """
    home, merged = published.home.path, aliases(published.con)
    assigned = write_assignment(home, plan.code, members, merged, at=at, export_id=export_id, channel=channel)
    landing, name = published.home.landing, plan.code
    zone = str(published.calendar.time_zone)
    moment = pl.col("assigned_at").dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    local = assigned.sort("one_id").with_columns(told_at=moment.dt.strftime("%Y-%m-%d %H:%M:%S"))
    cost = "" if plan.cost_per_person_cny is None else f"{plan.cost_per_person_cny:g}"
    told = ("one_id", "arm", "is_holdout", "told_at", "channel", "store_code", "staff_code")
    rows = [
        (
            name,
            "对照组" if held else arm,
            told_at,
            "",
            "",
            one_id,
            # of the holdout too: who would have been reached there is compared with who was
            _channel(own_channel or channel),
            "" if held else cost,
            store_code or "",
            staff_code or "",
            "",
        )
        for one_id, arm, held, told_at, own_channel, store_code, staff_code in local.select(told).iter_rows()
    ]
    write_into(landing / "campaign" / "guiyi", {f"{name}-{run_id}.csv": _csv(_MEMBERS, rows)})
    line = (name, plan.label.zh, _channel(channel), plan.starts_on.isoformat(), plan.ends_on.isoformat())
    write_into(landing / "reference" / "guiyi", {f"campaign-{name}.csv": _csv(_PLAN, [line])})


def _channel(channel: str | None) -> str:
    return _CHANNELS.get(channel or "", channel or "")


def _csv(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode("utf-8-sig")
