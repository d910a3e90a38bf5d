"""Exports of a home: one of them, its folder, and what a list may be made for."""

import datetime as dt
import json
from pathlib import Path
from zoneinfo import ZoneInfo

from segments.api import Audience, Destination, ExportEntry, Plan, export_entries, load_destinations, load_plans
from warehouse.home import Home


def find(home: Home, export_id: str) -> ExportEntry | None:
    """The export of that id."""
    return next((entry for entry in export_entries(home.exports) if entry.export_id == export_id), None)


def folder_of(home: Home, entry: ExportEntry) -> Path | None:
    """The folder of an export; None where it is not in the home's exports, or holds another export by now."""
    folder = Path(entry.path).resolve()
    if not folder.is_relative_to(home.exports.resolve()):
        return None
    try:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError):
        return None
    return folder if manifest.get("export_id") == entry.export_id else None


def destinations(home: Home, audience: Audience) -> list[Destination]:
    """The tools that a list of an audience may go to, those of its channel first."""
    channel = audience.definition.channel
    if channel is None:
        return []
    found = load_destinations(home.path).values()
    return sorted(found, key=lambda one: (one.channel not in (None, channel), one.channel is None, one.name))


def campaigns(home: Home, audience: str) -> list[Plan]:
    """The campaign plans for an audience."""
    return [plan for plan in load_plans(home.path).values() if plan.audience == audience]


def default_code(time_zone: str, audience: str, at: dt.datetime) -> str:
    """The campaign code that a list with a holdout gets where no plan is chosen: one an audience and local day."""
    local = at.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(time_zone))
    return f"{audience}-{local:%Y%m%d}"
