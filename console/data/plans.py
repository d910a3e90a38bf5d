"""Campaign plans of the home, each with its state: what was drawn, what went out, whether results are there."""

import datetime as dt
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Final

from common.errors import DefinitionError
from common.labels import Pair
from console.audiences.sentences import told
from console.data.rows import Row
from segments.api import ExportEntry, Plan, export_entries, known_plan, load_plans, read_assignment
from warehouse.home import Home

# In the order in which a plan goes through them.
STATES: Final = {
    "planned": ("未导出", "not exported yet"),
    "late": ("已开始，未导出", "began without an export"),
    "exported": ("已导出，等待下次运行", "exported, waits for the next run"),
    "running": ("进行中", "running"),
    "over": ("已结束", "over"),
}


def plans(home: Path, measured: Collection[str], day: dt.date) -> tuple[list[Row], Pair | None]:
    """The plans by their first day, the newest first, and what is wrong with the files if something is.

    Args:
        home: the GUIYI_HOME folder.
        measured: codes of the campaigns that the published run has figures of.
        day: today.
    """
    try:
        found = load_plans(home).values()
    except DefinitionError as error:
        return [], told(error)
    ordered = sorted(found, key=lambda plan: (plan.starts_on, plan.code), reverse=True)
    return [_row(home, plan, measured, day) for plan in ordered], None


def plan_of(home: Path, code: str, day: dt.date) -> Row | None:
    """The plan of a code that the published run has no figures of, as `plans` gives them; None where there is none."""
    plan = known_plan(load_plans(home), code)
    return _row(home, plan, (), day) if plan is not None and plan.code == code else None


def exports_of(home: Home, code: str) -> list[ExportEntry]:
    """The lists of a campaign, the newest first."""
    return [entry for entry in reversed(export_entries(home.exports)) if entry.campaign == code]


def _row(home: Path, plan: Plan, measured: Collection[str], day: dt.date) -> Row:
    arms = Counter(read_assignment(home, plan.code)["arm"].to_list())
    state = _state(bool(arms), plan.code in measured, plan.starts_on, plan.ends_on, day)
    return {"plan": plan, "arms": sorted(arms.items()), "n_drawn": sum(arms.values()), "state": state}


def _state(is_drawn: bool, is_measured: bool, first: dt.date, last: dt.date, day: dt.date) -> str:
    if not is_drawn and not is_measured:
        return "planned" if day < first else "late"
    if not is_measured:
        return "exported"
    return "running" if day <= last else "over"
