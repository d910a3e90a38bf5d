"""Files that are there whole or not at all, readable by their owner alone.

What is in them is not known here.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_PARTIAL: Final = re.compile(r"\.partial-(\d+)-")


def write_folder(target: Path, files: Mapping[str, bytes]) -> None:
    """Makes a folder with these files, or replaces it; it appears in one step, complete.

    Args:
        target: the folder, which belongs to the caller alone.
        files: content by file name.
    """
    make_private(target.parent)
    remove_leftovers(target.parent)
    fresh, stale = _scratch(target.parent), _scratch(target.parent)
    try:
        _write_all(fresh, files)
        if target.exists():
            target.replace(stale)  # an empty folder may be renamed over
        fresh.replace(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(stale, ignore_errors=True)


def write_into(folder: Path, files: Mapping[str, bytes]) -> None:
    """Puts files into a folder that may hold others; each appears in one step, in the order given."""
    make_private(folder)
    remove_leftovers(folder)
    scratch = _scratch(folder)
    try:
        _write_all(scratch, files)
        for name in files:
            (scratch / name).replace(folder / name)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def remove_leftovers(folder: Path) -> None:
    """Removes half-written folders of processes that are no more; they may hold personal data."""
    for path in folder.glob(".partial-*"):
        found = _PARTIAL.match(path.name)
        if found and not _is_running(int(found[1])):
            shutil.rmtree(path, ignore_errors=True)


def _scratch(parent: Path) -> Path:
    return Path(tempfile.mkdtemp(prefix=f".partial-{os.getpid()}-", dir=parent))


def make_private(folder: Path) -> None:
    """Makes a folder, and those above it that are missing, open to their owner alone."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)


def _write_all(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
