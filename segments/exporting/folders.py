"""Which folder of the home's exports a list gets: one that no other list loses.

A campaign's list that is made again from a run takes its own place, on purpose, and so does the daily run's; any other
gets a folder of its own.
"""

from itertools import count
from pathlib import Path

from segments.exporting.content import Order
from segments.exporting.register import Entry, entries


def folder_for(exports: Path, audience: str, run_id: str, order: Order) -> Path:
    """The folder of a list that is about to be made.

    Args:
        exports: of the home.
        audience: its name.
        run_id: the run that it is made from.
        order: what was asked for.
    """
    tool, plan = order.destination, order.plan
    parts = [run_id, *([tool.name] if tool else []), *([plan.code] if plan else []), *(["delta"] * order.is_delta)]
    first = exports / audience / ".".join(parts)
    if plan is not None:
        return first
    folders = (first.with_name(f"{first.name}-{n}") if n > 1 else first for n in count(1))
    return next(folder for folder in folders if not _is_taken(exports, folder, is_sending=order.is_sending))


def holder(exports: Path, folder: Path) -> Entry | None:
    """The list that lies in a folder of a home's exports; None where none does."""
    if not folder.exists():
        return None
    place = (folder.parent.name, folder.name)
    held = [one for one in entries(exports) if (Path(one.path).parent.name, Path(one.path).name) == place]
    return held[-1] if held else None


def _is_taken(exports: Path, folder: Path, *, is_sending: bool) -> bool:
    there = holder(exports, folder)
    return folder.exists() and (is_sending or (there is not None and there.is_sending))
