"""The audit trail of a home: who exported, unmasked, decided, signed in or saved what, when and why.

One JSON line an action in `audit/audit.jsonl`, only ever appended to and readable by its owner alone. Phones, e-mail
addresses and national ids in what people typed are starred before they are written: the trail holds no personal values.
"""

import datetime as dt
import fcntl
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from common.errors import GuiyiError
from warehouse.privacy import PATTERNS

AUDIT: Final = Path("audit") / "audit.jsonl"
_STARS: Final = "***"
_OWN: Final = ("at", "action", "who")


def record(home: Path, action: str, *, who: str | None, at: dt.datetime, **facts: Any) -> None:
    """Append one line to the trail; it is on disk when this returns.

    Args:
        home: the GUIYI_HOME folder.
        action: what was done, such as `export`, `unmask`, `decide`, `sign_in`, `save_audience`.
        who: who did it; None where nobody said.
        at: when, UTC without zone.
        facts: what else is to be known; texts, numbers, dates, paths, and lists and mappings of these.
    """
    line = {"at": at.isoformat(timespec="seconds"), "action": action, "who": _plain(who)}
    text = json.dumps(line | {name: _plain(fact) for name, fact in facts.items()}, ensure_ascii=False) + "\n"
    path = Path(home) / AUDIT
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _opened(path) as handle:
        if _is_torn(handle):
            text = "\n" + text
        os.write(handle, text.encode())
        os.fsync(handle)


def read(home: Path) -> list[dict[str, Any]]:
    """Every line of the trail, oldest first; empty where nothing was recorded yet.

    A half-written line, as a power cut leaves one, is given as `{"action": "unreadable", …}` and not left out.
    """
    path = Path(home) / AUDIT
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")  # JSON text may hold other breaks
    return [_parsed(number, line) for number, line in enumerate(lines, start=1) if line]


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """The file for appending, held by this process alone."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise GuiyiError(f"The audit trail {path} cannot be written, so nothing was done: {error.strerror}.") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)  # which gives up the lock


def _is_torn(handle: int) -> bool:
    size = os.fstat(handle).st_size
    return size > 0 and os.pread(handle, 1, size - 1) != b"\n"


def _parsed(number: int, line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except json.JSONDecodeError:
        found = None
    if isinstance(found, dict) and all(name in found for name in _OWN):
        return found
    return {"at": None, "action": "unreadable", "who": None, "line": number}


def _plain(fact: Any) -> Any:
    """A fact as JSON can hold it, without personal values."""
    if fact is None or isinstance(fact, bool | int | float):
        return fact
    if isinstance(fact, Mapping):
        return {str(name): _plain(one) for name, one in fact.items()}
    if isinstance(fact, list | tuple | set | frozenset):
        return [_plain(one) for one in (sorted(fact) if isinstance(fact, set | frozenset) else fact)]
    text = fact.isoformat() if isinstance(fact, dt.date) else str(fact)
    for pattern in PATTERNS.values():
        text = re.sub(pattern, _STARS, text)
    return text
