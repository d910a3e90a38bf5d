"""Campaigns: the list, and one campaign's arms side by side."""

from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from console.data import audiences as shelved
from console.data.campaigns import BREAKDOWNS, FIRST, breakdown, campaign, campaigns
from console.data.exports import tool_names
from console.data.plans import STATES, exports_of, plan_of, plans
from console.guard import console_of, needs, now
from console.rendering import render

router: Final = APIRouter()
VERDICT_TEXTS: Final = {
    "shown": ("已显示（显著）", "shown"), "not shown": ("未显示（不显著）", "not shown"),
    "too small": ("样本过小", "too small"),
    "no holdout": ("无对照组", "no holdout"),
}  # fmt: skip
VERDICT_TONES: Final = {"shown": "good", "not shown": "warn", "too small": "", "no holdout": ""}
CHANNELS: Final = {
    "sms": ("短信", "SMS"), "email": ("邮件", "e-mail"), "wechat_oa": ("公众号", "WeChat OA"),
    "wecom": ("企业微信", "WeCom"), "wechat_mini": ("小程序", "mini program"),
}  # fmt: skip


@router.get("/campaigns", dependencies=[needs("view")])
def show(request: Request, only: str = "") -> Response:
    """All campaigns, or those with a holdout alone."""
    found = console_of(request).warehouse.once(
        "page: campaigns", lambda published: campaigns(published.con, published.calendar.time_zone)
    )
    measured = {row["campaign_code"] for row in found["campaigns"] if row["n_people"]}
    planned, fault = plans(console_of(request).home.path, measured, now(request).date())
    listed = [row for row in found["campaigns"] if only != "measured" or row["effects"]]
    return render(
        request, "campaigns.html", listed=listed, n_all=len(found["campaigns"]), only=only, planned=planned,
        titles=shelved.titles(shelved.shelf(console_of(request).home)) if planned else {},
        fault=fault, states=STATES, scale=found["scale"], verdicts=VERDICT_TEXTS, tones=VERDICT_TONES,
        channels=CHANNELS, n_measured=sum(1 for row in found["campaigns"] if row["effects"]),
    )  # fmt: skip


@router.get("/campaigns/{code}", dependencies=[needs("view")])
def show_one(request: Request, code: str, by: str = "store", all: str = "") -> Response:
    """One campaign: arms, steps, what it brought beyond what would have come anyway; also by store, staff, channel."""
    by = by if by in BREAKDOWNS else "store"
    with console_of(request).warehouse.reading() as published:
        found = campaign(published.con, code, published.calendar.time_zone)
        split = breakdown(published.con, code, by) if found is not None else None
    if found is None:
        return _planned(request, code)
    home = console_of(request).home
    return render(
        request, "campaign.html", lists=exports_of(home, code), tools=tool_names(home),
        verdicts=VERDICT_TEXTS, tones=VERDICT_TONES, channels=CHANNELS, split=split, by=by,
        breakdowns=BREAKDOWNS, n_first=None if all == "1" else FIRST, **found,
    )  # fmt: skip


def _planned(request: Request, code: str) -> Response:
    """A campaign that no run has figures of yet: its plan, who was drawn, and its lists."""
    home = console_of(request).home
    row = plan_of(home.path, code, now(request).date())
    if row is None:
        raise HTTPException(404)
    titles = shelved.titles(shelved.shelf(home))
    return render(
        request, "campaign_plan.html", row=row, plan=row["plan"], lists=exports_of(home, code), titles=titles,
        tools=tool_names(home), states=STATES,
    )  # fmt: skip
