"""Taking over what is published into a new building, to change a table of it and publish that as a snapshot of its own.

What stays as it is is linked or copied, not computed again.
"""

import os
import shutil
from datetime import date
from pathlib import Path

from common.errors import GuiyiError
from warehouse.building import Building
from warehouse.home import WAREHOUSE


def take_over(building: Building) -> None:
    """Lay the published run into a building that was just begun: its warehouse, its vault, its identity tables.

    Raises:
        GuiyiError: nothing is published, or its vault is not there any more.
    """
    base = building.base_snapshot
    vault = building.home.vault / building.base if building.base else None
    if base is None or vault is None:
        raise GuiyiError("Nothing is published in this home yet; run `guiyi run` first.")
    if not (vault / "touchpoints").is_dir():
        raise GuiyiError(f"The vault of run {building.base} is not there; run `guiyi run` first.")
    shutil.copyfile(base / WAREHOUSE, building.warehouse)
    _link(vault, building.private)
    _link(base / "tables" / "identity", building.public / "identity")
    golden = base / "tables" / "customer" / "golden_field.parquet"
    if golden.exists():
        _link_file(golden, building.public / "identity" / golden.name)


def another_day(building: Building, day: date) -> Building:
    """A building inside this one for the tables of another day: the same records and people, nothing before it."""
    folder = building.scratch("days", day.isoformat())
    made = Building(
        building.home,
        folder,
        building.run_id,
        day,
        None,
        building.landing,
        building.key,
        building.started_at,
        time_zone=building.time_zone,
        engine=building.engine,
        sources=building.sources,
    )
    (folder / "private").symlink_to(building.private)
    (made.scratch("public") / "identity").symlink_to(building.public / "identity")
    return made


def _link(source: Path, target: Path) -> None:
    """A folder's files under another name; they are never written to, so a link is as good as a copy."""
    for path in sorted(source.rglob("*")):
        if path.is_file():
            _link_file(path, target / path.relative_to(source))


def _link_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)
