"""Campaign plans: what is sent to whom and when, who is held out, as YAML files in `HOME/campaigns`."""

import datetime as dt
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import yaml
from pydantic import Field, StrictFloat, StrictInt, StrictStr, StringConstraints, ValidationError, model_validator

from common.errors import DefinitionError, UsageError
from segments.campaigns.arms import RESERVED
from segments.exporting.files import write_into
from segments.rules.conditions import Name, Strict, Text
from segments.rules.definition import Channel, Label
from segments.rules.findings import names_of, what_is_wrong
from segments.saying import say

CAMPAIGNS: Final = "campaigns"
LEAST_SHARE: Final = 0.001

CODE: Final = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
_LONGEST_NAME: Final = 60

Code = Annotated[StrictStr, StringConstraints(pattern=CODE)]
Share = Annotated[StrictFloat | StrictInt, Field(ge=0, lt=1)]
ArmShare = Annotated[StrictFloat | StrictInt, Field(ge=LEAST_SHARE, le=1)]
ArmName = Annotated[StrictStr, StringConstraints(pattern=r"^[\w-]{1,32}$")]


class Holdout(Strict):
    """The share of the list that gets nothing, so that what the campaign brought can be told."""

    share: Share

    @model_validator(mode="after")
    def _is_a_share_that_can_hold_somebody(self) -> "Holdout":
        if 0 < self.share < LEAST_SHARE:
            raise ValueError(say("share_too_small", share=f"{self.share:g}", least=f"{LEAST_SHARE:g}"))
        return self


class Link(Strict):
    """A page that everybody gets an address of their own for."""

    base: Annotated[StrictStr, StringConstraints(pattern=r"^https://[^\s]+$")]


class Plan(Strict):
    """One campaign.

    Attributes:
        name: the file's.
        code: what messages, links and analyses know it by.
        channel: None is the audience's own.
        starts_on: the first day on which it may be sent.
        ends_on: the last one.
        priority: of campaigns that run on the same days a person gets that with the lowest number, then code.
        arms: share of each among those who are not held out.
        cost_per_person_cny: what one message costs.
    """

    name: Name
    code: Code
    label: Label
    audience: Name
    parameters: dict[Name, Any] = Field(default_factory=dict)
    channel: Channel | None = None
    starts_on: dt.date
    ends_on: dt.date
    priority: StrictInt = 100
    holdout: Holdout = Holdout(share=0.1)
    arms: Annotated[dict[ArmName, ArmShare], Field(min_length=1)] = Field(default_factory=lambda: {"A": 1.0})
    destination: Name | None = None
    cost_per_person_cny: Annotated[StrictFloat | StrictInt, Field(ge=0)] | None = None
    link: Link | None = None
    owner: Text

    @model_validator(mode="after")
    def _is_possible(self) -> "Plan":
        if self.ends_on < self.starts_on:
            raise ValueError(say("ends_before_start", last=self.ends_on, first=self.starts_on))
        reserved = sorted(name for name in self.arms if name.lower() in RESERVED)
        if reserved:
            raise ValueError(say("arm_reserved", name=reserved[0]))
        if not math.isclose(sum(self.arms.values()), 1.0, abs_tol=1e-6):
            raise ValueError(say("arms_sum", total=f"{sum(self.arms.values()):g}"))
        return self

    @property
    def rank(self) -> tuple[int, str]:
        """The order in which campaigns choose their people."""
        return self.priority, self.code

    def runs_beside(self, other: "Plan") -> bool:
        """Whether both run on some same day."""
        return self.starts_on <= other.ends_on and other.starts_on <= self.ends_on


def load_plan(path: Path) -> Plan:
    """Reads one plan.

    Raises:
        DefinitionError: the file is not YAML, or says something that cannot be.
    """
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DefinitionError(path, say("not_yaml"), say("correct_yaml")) from error
    try:
        plan = Plan.model_validate(raw)
    except ValidationError as error:
        keys = names_of(Plan, Holdout, Link, Label)
        raise DefinitionError(path, *what_is_wrong(error, raw, keys)) from error
    if plan.name != path.stem:
        raise DefinitionError(path, say("campaign_named", name=plan.name), say("name_as_file"))
    return plan


def load_plans(home: Path) -> dict[str, Plan]:
    """Every plan of a home by name.

    Raises:
        DefinitionError: a file is wrong, or two plans have one code.
    """
    plans = {path.stem: load_plan(path) for path in sorted((Path(home) / CAMPAIGNS).glob("*.yml"))}
    codes: dict[str, str] = {}
    for plan in plans.values():
        other = codes.setdefault(plan.code.lower(), plan.name)
        if other != plan.name:
            path = Path(home) / CAMPAIGNS / f"{plan.name}.yml"
            raise DefinitionError(path, say("code_shared", name=other, given=plan.code), say("other_code"))
    return plans


def find_plan(home: Path, name: str) -> Plan:
    """The plan of that name or code.

    Raises:
        UsageError: there is none.
        DefinitionError: a plan is wrong.
    """
    plans = load_plans(home)
    found = known_plan(plans, name)
    if found is None:
        known = ", ".join(plans) or say("none_yet")
        raise UsageError(say("no_campaign", name=repr(name), folder=Path(home) / CAMPAIGNS, known=known))
    return found


def known_plan(plans: Mapping[str, Plan], name: str) -> Plan | None:
    """Of some plans that of a name or code; None where there is none."""
    return plans.get(name) or next((plan for plan in plans.values() if plan.code == name), None)


def save_plan(home: Path, plan: Plan) -> Path:
    """Writes a plan to its file, whole or not at all."""
    raw = plan.model_dump(mode="python", exclude_none=True)
    text = yaml.safe_dump(raw, allow_unicode=True, sort_keys=False)
    folder = Path(home) / CAMPAIGNS
    write_into(folder, {f"{plan.name}.yml": text.encode()})
    return folder / f"{plan.name}.yml"


def plan_for_list(
    home: Path,
    audience: str,
    label: Label,
    *,
    holdout: float,
    on: dt.date,
    destination: str | None,
    owner: str,
    code: str | None = None,
) -> Plan:
    """The plan of a list that is exported without one: always a new one, under its code or one of audience and day.

    Args:
        home: the GUIYI_HOME folder.
        audience: whose list it is.
        label: what the campaign is called.
        holdout: the share that is held out.
        on: its first day.
        destination: of the list.
        owner: of the plan.
        code: the campaign's; None is what `free_code` gives.

    Raises:
        UsageError: the code cannot be one, or is another plan's.
    """
    plans = load_plans(home)
    code = free_code(home, audience, on) if code is None else code
    name = _name_for(code, plans)
    return Plan(
        name=name, code=code, label=label, audience=audience, starts_on=on, ends_on=on + dt.timedelta(days=30),
        holdout=Holdout(share=holdout), destination=destination, owner=owner,
    )  # fmt: skip


def free_code(home: Path, audience: str, on: dt.date) -> str:
    """A code that no campaign has had: audience and day, and a number from the second on.

    Args:
        home: the GUIYI_HOME folder.
        audience: whose list it is.
        on: the day.
    """
    folder = Path(home) / CAMPAIGNS
    taken = {plan.code.lower() for plan in load_plans(home).values()}
    # A plan whose file was deleted may have left who was drawn for it.
    taken |= {path.name.lower() for path in folder.glob("*/")}
    first = f"{audience}-{on:%Y%m%d}"
    codes = (first, *(f"{first}-{n}" for n in range(2, len(taken) + 3)))
    return next(code for code in codes if code.lower() not in taken)


def _name_for(code: str, plans: Mapping[str, Plan]) -> str:
    """A name for the file of a new plan."""
    if not re.fullmatch(CODE, code):
        raise UsageError(say("code_impossible", given=repr(code)))
    other = next((plan for plan in plans.values() if plan.code.lower() == code.lower()), None)
    if other is not None:
        raise UsageError(say("code_taken", name=other.name, given=other.code))
    name = re.sub(r"[^a-z0-9_]", "_", code.lower())[:_LONGEST_NAME]
    name = name if name[0].isalpha() else f"c_{name}"
    if name not in plans:
        return name
    return next(free for n in range(2, len(plans) + 3) if (free := f"{name}_{n}") not in plans)
