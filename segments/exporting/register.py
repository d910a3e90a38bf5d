"""The register of exports: one line an export in `exports/register.jsonl`, and who was in it.

Who was in an export is a Parquet file of its own in `exports/register/`: one_id, arm, and the identifying cells as they
were written, which a later delta needs to take somebody out again. It is pending until the list itself is in place;
what a killed export left pending is settled by whoever reads the register next.
"""

import datetime as dt
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from common.errors import GuiyiError
from segments.exporting.files import make_private, write_into
from segments.saying import say

REGISTER: Final = "register.jsonl"
MEMBERS: Final = "register"
MANIFEST: Final = "manifest.json"
_PENDING: Final = ".pending.parquet"
KEY: Final = "key."


@dataclass(frozen=True)
class Entry:
    """One export, as its line in the register says it.

    Attributes:
        at: when it was made, UTC.
        path: its folder.
        is_delta: whether the files hold only what came and went since the last export.
        is_sending: whether it was made to be sent, so that frequency caps count it; the daily run's lists are not.
        campaign: the code of the campaign that it belongs to.
    """

    export_id: str
    at: dt.datetime
    audience: str
    run_id: str
    channel: str | None
    destination: str | None
    campaign: str | None
    is_delta: bool
    is_sending: bool
    format: str
    encoding: str
    rows: int
    sha256: str
    path: str
    requested_by: str | None
    reason: str | None


@contextmanager
def exports_held(exports: Path) -> Iterator[None]:
    """Holds the exports of a home: two at once could put one person into two arms, or over a cap."""
    make_private(exports)
    with (exports / ".lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def next_export_id(exports: Path, at: dt.datetime) -> str:
    """An id that no export of this home has had: `E<date>.<n>`."""
    day = f"E{at:%Y%m%d}."
    taken = [int(line["export_id"].removeprefix(day)) for line in _lines(exports) if line["export_id"].startswith(day)]
    return f"{day}{max(taken, default=0) + 1}"


def enter(exports: Path, entry: Entry, members: pl.DataFrame) -> None:
    """Notes an export that is about to be put in place: its members as pending, then its line."""
    folder = exports / MEMBERS
    write_into(folder, {f"{entry.export_id}{_PENDING}": _parquet(members)})
    line = asdict(entry) | {"at": entry.at.isoformat(timespec="seconds")}
    path = exports / REGISTER
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(handle).st_size
        torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        os.write(handle, (("\n" if torn else "") + json.dumps(line, ensure_ascii=False) + "\n").encode())
        os.fsync(handle)
    finally:
        os.close(handle)


def entries(exports: Path) -> list[Entry]:
    """Every export that was begun, in the order of the register; for caps, which count what may have been sent."""
    return [Entry(**{**line, "at": dt.datetime.fromisoformat(line["at"])}) for line in _lines(exports)]


def settle(exports: Path) -> list[Entry]:
    """Confirms pending exports whose list is in place.

    Returns:
        those that were confirmed, so that what follows an export can be made up for.
    """
    folder = exports / MEMBERS
    pending = {path.name.removesuffix(_PENDING): path for path in folder.glob(f"*{_PENDING}")}
    if not pending:
        return []
    confirmed = []
    for entry in entries(exports):
        if entry.export_id in pending and _is_in_place(entry):
            confirmed.append(entry)
    return confirmed


def confirm(exports: Path, entry: Entry) -> None:
    """Marks an export as in place; from now on deltas are told against it, and older ones lose their identifiers."""
    folder = exports / MEMBERS
    for older in entries(exports):
        path = folder / f"{older.export_id}.parquet"
        if _line_of(older) == _line_of(entry) and older.export_id != entry.export_id and path.exists():
            _forget(path, older)
    (folder / f"{entry.export_id}{_PENDING}").replace(folder / f"{entry.export_id}.parquet")


def _forget(path: Path, older: Entry) -> None:
    """What is needed no more: the identifiers, once a newer export can be told against; of lists nobody sends, all."""
    if not older.is_sending:
        path.unlink()
        return
    kept = pl.read_parquet(path)
    if any(name.startswith(KEY) for name in kept.columns):
        bare = kept.select(name for name in kept.columns if not name.startswith(KEY))
        write_into(path.parent, {path.name: _parquet(bare)})


def members_path(exports: Path, entry: Entry) -> Path:
    """The file that says who was in an export, pending or not.

    Raises:
        GuiyiError: the file is gone.
    """
    folder = exports / MEMBERS
    for name in (f"{entry.export_id}.parquet", f"{entry.export_id}{_PENDING}"):
        if (folder / name).exists():
            return folder / name
    raise GuiyiError(say("members_gone", file=f"{folder / entry.export_id}.parquet", register=exports / REGISTER))


def members_of(exports: Path, entry: Entry) -> pl.DataFrame:
    """Who was in an export: one_id, arm, and for the newest of its line `key.*`; those held out among them.

    Raises:
        GuiyiError: the file is gone.
    """
    return pl.read_parquet(members_path(exports, entry))


def last_of(
    exports: Path, audience: str, destination: str | None, campaign: str | None, *, is_sending: bool
) -> Entry | None:
    """The newest export of an audience to a destination that came to be; lists nobody sends stand by themselves."""
    line = (audience, destination, campaign, is_sending)
    there = [
        e for e in entries(exports) if _line_of(e) == line and (exports / MEMBERS / f"{e.export_id}.parquet").exists()
    ]
    return there[-1] if there else None


def confirmed_campaigns(exports: Path) -> set[str]:
    """The codes of the campaigns of which a list is in place."""
    there = {path.name.removesuffix(".parquet") for path in (exports / MEMBERS).glob("*.parquet")}
    return {line["campaign"] for line in _lines(exports) if line.get("campaign") and line["export_id"] in there}


def _line_of(entry: Entry) -> tuple[str, str | None, str | None, bool]:
    return entry.audience, entry.destination, entry.campaign, entry.is_sending


def _is_in_place(entry: Entry) -> bool:
    try:
        manifest = json.loads((Path(entry.path) / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
        return False
    return isinstance(manifest, dict) and manifest.get("export_id") == entry.export_id


def _lines(exports: Path) -> list[dict[str, Any]]:
    """The register's lines; one that a power cut tore was of an export that never came to be."""
    path = exports / REGISTER
    if not path.exists():
        return []
    found = []
    for line in path.read_text(encoding="utf-8", errors="replace").split("\n"):
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found


def _parquet(frame: pl.DataFrame) -> bytes:
    import io

    file = io.BytesIO()
    frame.write_parquet(file)
    return file.getvalue()
