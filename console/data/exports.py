"""Exports of a home: one of them, its folder, and what a list may be made for."""

import datetime as dt
import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from common.errors import DefinitionError
from common.labels import Pair
from console.audiences.asking import Asking
from segments.api import (
    Audience,
    Destination,
    ExportEntry,
    ListSize,
    Plan,
    export_entries,
    free_code,
    load_destinations,
    load_plans,
    size_list,
)
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


def default_code(home: Home, time_zone: str, audience: str, at: dt.datetime) -> str:
    """The campaign code that a list with a holdout gets where none is typed: one that no campaign has had."""
    return free_code(home.path, audience, at.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(time_zone)).date())


def named(found: list[Destination], name: str) -> Destination | None:
    """The destination of a name."""
    return next((one for one in found if one.name == name), None)


def tool_names(home: Home) -> dict[str, Pair]:
    """What destinations are called, Chinese and English; nothing where a file of them cannot be read."""
    try:
        found = load_destinations(home.path)
    except DefinitionError:
        return {}
    return {name: (one.label.zh, one.label.en) for name, one in found.items()}


def wanted(asking: Asking, parameters: dict[str, Any]) -> dict[str, Any]:
    """What a form asks for, as an export and its size take it; the form must have been checked."""
    return {
        "destination": asking.texts["destination"] or None,
        "campaign": asking.campaign,
        "holdout": asking.share,
        "variant": "non_personalised" if asking.texts["plain"] == "1" else None,
        "send_on": asking.day,
        "parameters": parameters,
    }


def size(home: Home, audience: Audience, *, at: dt.datetime, **asked: Any) -> ListSize:
    """How many an export would write and hold out; arguments as `wanted` gives them."""
    return size_list(home.path, audience, at=at, **asked)


def newer_of(home: Home, entry: ExportEntry) -> ExportEntry | None:
    """The newest export that lies where an older one lay."""
    later = [one for one in export_entries(home.exports) if one.path == entry.path]
    found = later[-1] if later else None
    return found if found and found.export_id != entry.export_id and folder_of(home, found) else None
