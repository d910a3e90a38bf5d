"""The landing folder, file by file: what each one is, whose, exported when, and whether it is there twice.

Nothing is parsed here but what recognition needs. A file that cannot be read is a finding, never an error.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from touchpoints import archives
from touchpoints.accounts import Account, Accounts
from touchpoints.contract import Contract
from touchpoints.exported import Exported, export_moment
from touchpoints.files import LandingFile, Unread, discover, fingerprints, is_text, relative_name
from touchpoints.near import NearMiss, near_miss
from touchpoints.readers import delimited, objects, workbook
from touchpoints.readers.tables import Table
from touchpoints.saying import say

# Codes of what is said where none of a kind's readers can read it.
_NO_WORKBOOK: Final = "workbook_damaged"
_NO_JSON: Final = "json_damaged"
_NO_TEXT: Final = "no_text"
_PAGE: Final = re.compile(
    rb"^(?:\xef\xbb\xbf)?\s*(?:<!doctype html|<html|<table|<meta|<\?xml[^>]*>\s*(?:<\?mso|<workbook))", re.I
)
_BLANK: Final = b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"


@dataclass(frozen=True)
class Finding:
    """A file without a table that could be used."""

    file: LandingFile
    status: str  # empty | unknown | unreadable
    note: str
    part: str = ""  # the sheet, where others of the workbook can be used
    near: NearMiss | None = None  # what it would be, were its header right
    account: str | None = None  # whose it would be

    @property
    def name(self) -> str:
        """The path in reports."""
        return f"{self.file.name}#{self.part}" if self.part else self.file.name


@dataclass(frozen=True)
class Found:
    """A table of a file: what it is, whose, exported when."""

    file: LandingFile
    table: Table
    account: Account
    exported: Exported
    name: str  # the file's path; with the sheet where a workbook holds several tables

    @property
    def identity(self) -> tuple[str, str, str]:
        """Bytes, table and account: what is the same in all of it is the same table."""
        return (self.file.sha256, self.table.part, self.account.account)


@dataclass(frozen=True)
class Look:
    """What a look at a file shows: its tables, and what of it could not be used."""

    tables: list[Table]
    findings: list[Finding]


@dataclass
class Landing:
    """Everything found in the landing folder, by relative path.

    Attributes:
        tables: each once, of equal ones the one exported first, then by path.
        repeats: tables that are there again, with the one that they repeat.
        findings: files without a usable table.
    """

    tables: list[Found] = field(default_factory=list)
    repeats: list[tuple[Found, Found]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def survey(
    landing: Path, contracts: Sequence[Contract], accounts: Accounts, progress: Callable[[int, int, str], None]
) -> Landing:
    """Looks at every file of the landing folder.

    Args:
        landing: the folder.
        contracts: those that a file may fit.
        accounts: whose files are, where they do not say so.
        progress: called with files done, files in all, and the file's path.
    """
    result = Landing()
    known: dict[str, Look] = {}
    found: list[Found] = []
    paths = discover(landing)
    for number, path in enumerate(paths):
        for file in fingerprints(path, landing):
            if isinstance(file, Unread):
                result.findings.append(Finding(file.file, file.status, file.trouble))
                continue
            if file.sha256 not in known:
                known[file.sha256] = look_at(file, contracts)
            seen = known[file.sha256]
            result.findings += [_of_file(finding, file, accounts) for finding in seen.findings]
            found += [describe(file, table, len(seen.tables), accounts) for table in seen.tables]
        progress(number + 1, len(paths), relative_name(path, landing))
    _tell_repeats(found, result)
    return result


def look_at(file: LandingFile, contracts: Sequence[Contract]) -> Look:
    """The tables of a file that a contract fits; a file without one has a finding that says why."""
    data = file.head()
    complete = file.n_bytes <= len(data)
    if data.startswith(workbook.SIGNATURES) or archives.is_archive(data):
        data, complete = file.read(), True
    if complete and not data.strip(_BLANK):
        return _useless(file, "empty", say("nothing_in_it"))
    if archives.is_archive(data) and archives.holds_files(data):
        return _useless(file, "unreadable", say("archive_nested"))
    if _PAGE.match(data):
        return _useless(file, "unreadable", say("web_page"))
    if data.startswith(workbook.SIGNATURES):
        readers, trouble = [workbook.recognise], _NO_WORKBOOK
    elif objects.looks_like_json(data):
        readers, trouble = [objects.recognise], _NO_JSON
    else:
        readers, trouble = [delimited.recognise, objects.recognise], _NO_TEXT
    try:
        for recognise in readers:
            if tables := recognise(data, complete, contracts):
                strangers = workbook.strangers(data, tables) if trouble == _NO_WORKBOOK else []
                return Look(tables, [_stranger(file, sheet, contracts) for sheet in strangers])
    except Exception:  # a damaged file can make a parser fail in any way; the run goes on without it
        return _useless(file, "unreadable", say(trouble))
    no_json = trouble == _NO_JSON and not objects.has_an_object(data, complete)
    no_text = trouble == _NO_TEXT and not is_text(data)
    damaged = _useless(file, "unreadable", say(trouble))
    return damaged if no_json or no_text else Look([], [_stranger(file, "", contracts)])


def _useless(file: LandingFile, status: str, note: str) -> Look:
    return Look([], [Finding(file, status, note)])


def _stranger(file: LandingFile, sheet: str, contracts: Sequence[Contract]) -> Finding:
    """A table that no contract fits, with the one that it nearly is."""
    near = near_miss(file, sheet, contracts)
    if near is None:
        return Finding(file, "unknown", say("no_sheet") if sheet else say("no_contract"), sheet)
    missing = tuple(mark.join(near.nearest.missing) for mark in ("、", ", "))
    return Finding(file, "unknown", say("near_miss", contract=near.nearest.contract, missing=missing), sheet, near)


def _of_file(finding: Finding, file: LandingFile, accounts: Accounts) -> Finding:
    """The finding for one of the files that have these bytes."""
    near = finding.near
    account = accounts.resolve(file.name, near.nearest.source).account if near else None
    return replace(finding, file=file, account=account)


def describe(file: LandingFile, table: Table, n_tables: int, accounts: Accounts) -> Found:
    """A table of a file, with whose it is and when it was exported; `n_tables` of the file can be used."""
    contract = table.match.contract
    account = accounts.resolve(file.name, contract.source)
    exported = export_moment(
        contract,
        name=file.own_names,
        preamble=table.preamble,
        mtime=file.mtime,
        time_zone=account.time_zone,
    )
    name = f"{file.name}#{table.part}" if n_tables > 1 else file.name
    return Found(file, table, account, exported, name)


def _tell_repeats(found: Sequence[Found], result: Landing) -> None:
    firsts: dict[tuple[str, str, str], Found] = {}
    for table in sorted(found, key=lambda f: (f.exported.at, f.name)):
        firsts.setdefault(table.identity, table)
    for table in found:
        first = firsts[table.identity]
        if table is first:
            result.tables.append(table)
        else:
            result.repeats.append((table, first))
