"""What an export's form asks for, and what is in the way of it, by field."""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from common.labels import Pair
from segments.api import CODE, Plan

ENCODINGS: Final = ("utf-8-sig", "gb18030", "utf-8")
FORMATS: Final = ("csv", "xlsx", "parquet")
SHORTEST_REASON: Final = 2
LEAST_SHARE: Final = 0.001
MOST_SHARE: Final = 0.9
FIELDS: Final = (
    "reason", "holdout", "campaign", "code", "destination", "format", "encoding", "delta", "send_on", "plain",
)  # fmt: skip
_PARAMETER: Final = "parameter"


@dataclass(frozen=True)
class Asking:
    """The form as it was filled in.

    Attributes:
        texts: by field; "" where nothing is said.
        parameters: what was given to each parameter that the form had.
    """

    texts: Mapping[str, str]
    parameters: Mapping[str, Sequence[str]]

    @property
    def code(self) -> str | None:
        """The code of a new campaign."""
        return self.texts["code"] or None

    @property
    def campaign(self) -> str | None:
        """The plan that was chosen, or the code of a new campaign."""
        return self.texts["campaign"] or self.code

    @property
    def share(self) -> float | None:
        """The share that is held out; None where a plan says it, or nobody is and there is no campaign."""
        if self.texts["campaign"]:
            return None
        text = self.texts["holdout"].rstrip("%％").strip()
        share = float(text) / 100 if text else 0.0
        # a campaign without a holdout: its results are tied to it all the same
        return share if share or self.code else None

    @property
    def day(self) -> dt.date | None:
        """On which it will be sent."""
        return dt.date.fromisoformat(self.texts["send_on"]) if self.texts["send_on"] else None


def read_asking(form: Collection[tuple[str, str]]) -> Asking:
    """The fields of a form or an address."""
    texts = dict.fromkeys(FIELDS, "") | {name: value.strip() for name, value in form if name in FIELDS}
    given: dict[str, list[str]] = defaultdict(list)
    for name, value in form:
        if name == _PARAMETER:
            _ = given[value]  # one of which nothing is chosen is there as well
        elif name.startswith(f"{_PARAMETER}."):
            given[name.removeprefix(f"{_PARAMETER}.")].append(value)
    return Asking(texts, dict(given))


def check(asking: Asking, plans: Collection[Plan], audience: str) -> dict[str, Pair]:
    """What is in the way of an export, by field, beside the parameters."""
    texts = asking.texts
    problems = _check_campaign(texts["campaign"], texts["code"], plans, audience)
    if len(texts["reason"]) < SHORTEST_REASON:
        problems["reason"] = ("请写明用途，便于日后追溯。", "Say what it is for, so that it can be told later.")
    try:
        share = asking.share or 0.0
    except ValueError:
        share = -1.0
    if share and not LEAST_SHARE <= share <= MOST_SHARE:
        problems["holdout"] = (
            "请填 0 到 90 之间的百分数；0 或留空为不留，要留至少 0.1。",
            "Write a percentage from 0 to 90; 0 or nothing for none, else 0.1 at least.",
        )
    if texts["format"] and texts["format"] not in FORMATS:
        problems["format"] = ("请选择列出的格式。", "Choose one of the formats.")
    if texts["encoding"] and texts["encoding"] not in ENCODINGS:
        problems["encoding"] = ("请选择列出的编码。", "Choose one of the encodings.")
    try:
        _ = asking.day
    except ValueError:
        problems["send_on"] = ("请填写日期，如 2026-01-31", "Fill in a date, such as 2026-01-31")
    return problems


def _check_campaign(campaign: str, code: str, plans: Collection[Plan], audience: str) -> dict[str, Pair]:
    """What is wrong with the campaign that was chosen, or with the code of a new one."""
    if campaign and not any(plan.code == campaign and plan.audience == audience for plan in plans):
        return {"campaign": ("这个计划已不在，或属于其他人群。", "This plan is gone, or is another audience's.")}
    if campaign and code:
        return {
            "code": ("已选活动计划；请清空编号，或不选计划。", "A plan is chosen: clear the code, or choose no plan.")
        }
    taken = next((plan for plan in plans if code and plan.code.lower() == code.lower()), None)
    if taken is not None and taken.audience == audience:
        zh, en = (
            "编号已有计划：请在“活动计划”里选择它，或换一个。",
            "A plan has this code: choose it above, or take another.",
        )
        return {"code": (zh, en)}
    if taken is not None:
        return {
            "code": (
                f"编号已用于人群 {taken.audience}。",
                f"The audience {taken.audience} has a campaign of this code.",
            )
        }
    if code and not re.fullmatch(CODE, code):
        zh = "编号由字母、数字、- 和 _ 组成，字母或数字开头，至多 64 个。"
        return {"code": (zh, "Letters, digits, - and _, 64 at most; a letter or digit first.")}
    return {}
