"""Publishing: a checked snapshot goes live by one atomic rename of a symlink, or nothing changes.

The order is what makes a kill harmless: vault, snapshot, then the link. Everything before the link belongs
to no published run and is cleared away by the next one (`Home.clean_up`).
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from common.errors import GuiyiError
from warehouse.building import Building, require_published_base
from warehouse.home import MANIFEST, WAREHOUSE, Home

KEEP = 7


def publish(building: Building, *, keep: int = KEEP) -> Path:
    """Make the assembled snapshot the published one.

    Args:
        building: a run whose snapshot is assembled and whose blocking checks have passed.
        keep: how many snapshots stay, the published one among them.

    Returns:
        the published snapshot's folder.

    Raises:
        GuiyiError: no snapshot is assembled, or another run was published since this one began.
    """
    if not (building.snapshot / MANIFEST).exists():
        raise GuiyiError(f"Run {building.run_id} has no assembled snapshot to publish; run the whole job.")
    require_published_base(building)
    building.unmount_all()
    home = building.home
    vault = home.vault / building.run_id
    snapshot = home.snapshot(building.run_id)
    for unfinished in (vault, snapshot):
        if unfinished.exists():
            shutil.rmtree(unfinished)
    _close_to_others(building.private)
    _flush(building.private)
    _flush(building.snapshot)
    building.private.rename(vault)
    _flush_folder(home.vault)
    building.snapshot.rename(snapshot)
    _flush_folder(home.snapshots)
    _point_at(home, building.run_id)
    shutil.rmtree(building.folder)
    prune(home, keep=keep)
    return snapshot


def prune(home: Home, *, keep: int = KEEP) -> list[str]:
    """Remove all but the newest `keep` snapshots with their vaults; never the published one.

    Returns:
        the run ids that were removed.
    """
    published = home.published()
    runs = [manifest["run_id"] for manifest in home.kept()]
    surplus = [run for run in runs[: max(len(runs) - keep, 0)] if run != published]
    for run_id in surplus:
        # The manifest first: without it the snapshot counts no more, and the next start removes what a kill leaves.
        (home.snapshot(run_id) / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(home.vault / run_id, ignore_errors=True)
        shutil.rmtree(home.snapshot(run_id))
    return surplus


def _point_at(home: Home, run_id: str) -> None:
    """The one step that publishes."""
    fresh = home.path / f".{WAREHOUSE}.{os.getpid()}"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(Path(home.snapshots.name) / run_id / WAREHOUSE)
    fresh.replace(home.warehouse)
    _flush_folder(home.path)


def _close_to_others(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)
    for path in _walk(folder):
        path.chmod(0o700 if path.is_dir() else 0o600)


def _flush(folder: Path) -> None:
    """Files and folders safely on disk before anything points at them."""
    for path in _walk(folder):
        if path.is_dir():
            _flush_folder(path)
        else:
            with path.open("rb") as file:
                os.fsync(file.fileno())
    _flush_folder(folder)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _walk(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.rglob("*"))
