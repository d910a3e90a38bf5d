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
from segments.api import load_plans, read_assignment

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
    listed = []
    for plan in sorted(found, key=lambda plan: (plan.starts_on, plan.code), reverse=True):
        arms = Counter(read_assignment(home, plan.code)["arm"].to_list())
        listed.append({"plan": plan, "arms": sorted(arms.items()), "n_drawn": sum(arms.values()),
                       "state": _state(bool(arms), plan.code in measured, plan.starts_on, plan.ends_on, day),
                       "is_measured": plan.code in measured})  # fmt: skip
    return listed, None


def _state(is_drawn: bool, is_measured: bool, first: dt.date, last: dt.date, day: dt.date) -> str:
    if not is_drawn and not is_measured:
        return "planned" if day < first else "late"
    if not is_measured:
        return "exported"
    return "running" if day <= last else "over"
