"""Saving and deleting the brand's own audiences: checked first, written whole, audited.

What an audience's text looks like is `segments.rules.write`.
"""

import datetime as dt
import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from common.errors import UsageError
from segments.published import open_published
from segments.rules.comments import carried_over
from segments.rules.compile import compile_for
from segments.rules.library import AUDIENCES, find_audience, own_path, survey_audiences
from segments.rules.load import Audience, RuleFault, parse_audience
from segments.rules.references import audiences_named, refuse_circles
from segments.rules.write import diff_text, head_of, to_text
from segments.saying import say
from warehouse.audit import record
from warehouse.home import Home

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,59}")
SAVED: Final = "save_audience"
DELETED: Final = "delete_audience"


@dataclass(frozen=True)
class Change:
    """What saving a definition changes, or has changed.

    Attributes:
        audience: as it is then.
        path: its file.
        before: the text that the audience has now: its own file's, else the built-in one's, else nothing.
        diff: unified diff of the two texts; empty when they are the same.
        replaces: sha256 of the own file that is there now; None while there is none.
        lost_comments: comments of the own file whose entry is no more; the others stay where they are.
    """

    audience: Audience
    path: Path
    before: str
    diff: str
    replaces: str | None
    lost_comments: tuple[str, ...]


def plan_saving(home: Path, raw: Mapping[str, Any]) -> Change:
    """What `save_audience` would do; writes nothing.

    Raises:
        RuleFault: the definition says something that cannot be, names what the published run does not hold, or leads
            back to itself.
        UsageError: nothing is published that it could be checked against.
    """
    name = raw.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        path = own_path(home, "unnamed")
        raise RuleFault(path, 1, ("name",), say("no_name", name=repr(name)), say("use_letters"))
    path = own_path(home, name)
    present = path.read_bytes().decode("utf-8", errors="replace") if path.exists() else None
    built_in = AUDIENCES / path.name
    before = present if present is not None else built_in.read_text(encoding="utf-8") if built_in.exists() else ""
    head = head_of(present or "")
    text, lost = carried_over((present or "")[len(head) :], to_text(raw, path))
    text = head + text
    audience = parse_audience(text, path, "own")
    try:
        refuse_circles(audience, lambda other: audience if other == name else find_audience(other, home))
    except UsageError as error:
        raise audience.fault(("where",), error.args[0]) from error
    _check(home, audience)
    return Change(
        audience=audience,
        path=path,
        before=before,
        diff=diff_text(before, text, name),
        replaces=None if present is None else hashlib.sha256(path.read_bytes()).hexdigest(),
        lost_comments=lost,
    )


def save_audience(
    home: Path, raw: Mapping[str, Any], *, who: str, at: dt.datetime, replacing: str | None = None
) -> Change:
    """Saves a definition as one of the brand's own audiences.

    Args:
        home: the GUIYI_HOME folder.
        raw: the definition as plain values.
        who: who saves it, for the audit trail.
        at: when, UTC without zone.
        replacing: sha256 of the file that the editor began with, see `Change.replaces`; what somebody else has saved
            since is then not written over. None writes over whatever is there.

    Raises:
        RuleFault: see `plan_saving`.
        UsageError: the file has changed since, or nothing is published.
    """
    with _held(home):
        change = plan_saving(home, raw)
        if replacing is not None and change.replaces != replacing:
            raise UsageError(say("changed_meanwhile", name=change.audience.name))
        record(
            home, SAVED, who=who, at=at, audience=change.audience.name, sha256=change.audience.sha256,
            replaces=change.replaces, is_change=bool(change.diff),
        )  # fmt: skip
        if change.diff or change.replaces is None:
            _write(change.path, change.audience.text)
    return change


def delete_audience(home: Path, name: str, *, who: str, at: dt.datetime) -> Path:
    """Deletes one of the brand's own audiences; a built-in one of the same name is back then.

    Returns:
        the file that is no more.

    Raises:
        UsageError: there is no such own audience, or others are made of it.
    """
    with _held(home):
        found = find_audience(name, home)
        if found.origin != "own":
            raise UsageError(say("built_in_stays", name=name))
        if not (AUDIENCES / found.path.name).exists():
            others = survey_audiences(home).audiences.values()
            users = sorted(one.name for one in others if name in audiences_named(one.definition.where))
            if users:
                raise UsageError(say("part_of_others", name=name, users=", ".join(users)))
        record(home, DELETED, who=who, at=at, audience=name, sha256=found.sha256)
        found.path.unlink()
    return found.path


def _check(home: Path, audience: Audience) -> None:
    """Compiles an audience for the published run, so that what names an unknown column or table is never saved.

    Raises:
        RuleFault: it does not fit the run's tables.
        UsageError: nothing is published that it could be checked against.
    """
    if Home(home).published() is None:
        raise UsageError(say("nothing_published"))
    with open_published(home) as published:
        compile_for(published, audience)


@contextmanager
def _held(home: Path) -> Iterator[None]:
    """One saving at a time, so that what was compared is what is replaced."""
    folder = Home(home).audiences
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _write(path: Path, text: str) -> None:
    """The file is there whole or as it was; readable by its owner alone."""
    handle, fresh = tempfile.mkstemp(prefix=f".{path.stem}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        Path(fresh).replace(path)
    finally:
        Path(fresh).unlink(missing_ok=True)
