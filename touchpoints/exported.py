"""The moment of export: from what stands above the header, else the file's name, else its time on disk.

The contract says which ways hold for its files, in which order.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from touchpoints.contract import Contract, ExportMoment


@dataclass(frozen=True)
class Exported:
    """When a file was exported (UTC, without zone), and how that is known."""

    at: datetime
    origin: str  # preamble | name | mtime


def export_moment(contract: Contract, *, name: str, preamble: str, mtime: float, time_zone: str) -> Exported:
    """When a file was exported; its time on disk when no way of the contract gives a time.

    Args:
        contract: says the ways.
        name: the file's own name, without folders.
        preamble: the text above the header.
        mtime: the file's time on disk, seconds since 1970.
        time_zone: in which a time without offset is meant.
    """
    texts = {"preamble": preamble, "name": name}
    for way in contract.exported_at:
        if way.origin == "mtime":
            break
        found = _search(way, texts[way.origin], time_zone)
        if found is not None:
            return Exported(found, way.origin)
    on_disk = datetime.fromtimestamp(mtime, UTC).replace(tzinfo=None)
    return Exported(on_disk, "mtime")


def _search(way: ExportMoment, text: str, time_zone: str) -> datetime | None:
    found = re.search(way.pattern or "", text)
    if found is None or not found.groups() or way.format is None:
        return None
    try:
        if way.format == "epoch":
            return datetime.fromtimestamp(int(found[1]), UTC).replace(tzinfo=None)
        moment = datetime.strptime(found[1], way.format)
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(time_zone))
        return zoned.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None
