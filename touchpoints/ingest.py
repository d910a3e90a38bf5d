"""Ingest: the landing folder in, the canonical tables out. The one door of this package.

Here is the order of the work and the account of every row; the work itself is in the modules that it calls.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import polars as pl

from common.errors import GuiyiError, UsageError
from common.saying import in_chinese
from touchpoints.accounts import load_accounts
from touchpoints.build import Built, build
from touchpoints.contract import Contract
from touchpoints.contracts import load_contracts
from touchpoints.lake import Lake
from touchpoints.landing import Finding, Found, Landing, survey
from touchpoints.model import TABLES, empty
from touchpoints.output import write_table
from touchpoints.rows import LoadedTable
from touchpoints.saying import say
from touchpoints.together import settle

# Files parsed at once: small ones keep one core busy each; more would only take memory.
_READERS: Final = 2
Progress = Callable[[int, int, str], None]


@dataclass
class IngestReport:
    """What came in and what became of it. Nothing in it is personal.

    Attributes:
        files: the table `source_file`.
        rows: rows of each canonical table.
        rejects: refused rows by reason.
        unknown_statuses: contract → status word that its vocabulary lacks → rows.
        seconds: duration of each part of the work.
    """

    files: pl.DataFrame
    rows: dict[str, int]
    rejects: dict[str, int]
    unknown_statuses: dict[str, dict[str, int]]
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def rows_read(self) -> int:
        """Data rows of all files."""
        return int(self.files["rows_read"].sum())

    @property
    def rows_accepted(self) -> int:
        """Rows that were used."""
        return int(self.files["rows_accepted"].sum())

    @property
    def rows_rejected(self) -> int:
        """Rows that could not be used."""
        return int(self.files["rows_rejected"].sum())

    @property
    def rows_repeated(self) -> int:
        """Rows that said again what a row before them said."""
        return int(self.files["rows_repeated"].sum())


def ingest(
    landing: Path,
    *,
    lake: Path,
    out: Path,
    key: bytes,
    time_zone: str = "Asia/Shanghai",
    contracts: Sequence[Contract] | None = None,
    progress: Progress | None = None,
) -> IngestReport:
    """Reads every file of the landing folder and writes the canonical tables.

    The result depends on the files' contents, their accounts and their moments of export alone: not on where the
    folder lies, nor on the order of files.

    Args:
        landing: folder tree of export files; never changed.
        lake: where parsed files are kept for the next run; private.
        out: where `<table>.parquet` of each table of `model.TABLES` is written; private.
        key: for the hashes of natural keys that are personal.
        time_zone: IANA name, of local times in files whose account has none of its own.
        contracts: that files may fit; those that are built in when not given.
        progress: called with steps done, steps in all, and what was just done.

    Raises:
        UsageError: there is no such landing folder.
        DefinitionError: a contract or `accounts.yml` is wrong.
    """
    if not landing.is_dir():
        raise UsageError(f"There is no landing folder {landing}; create it or name another one.")
    clock = _Clock()
    contracts = load_contracts() if contracts is None else contracts
    steps = _Steps(progress, len(contracts))
    found = survey(landing, contracts, load_accounts(landing, time_zone), steps.surveyed)
    clock.lap("survey")
    loaded, failed = _parse(found, Lake(lake), steps.parsed)
    found.findings += failed
    clock.lap("parse")
    built: list[Built] = []
    for number, contract in enumerate(contracts):
        tables = [table for table in loaded if table.table.match.contract is contract]
        if tables:
            built.append(build(contract, tables, key))
        steps.built(number + 1, contract.name)
    clock.lap("build")
    files = _account_for(found, loaded, built)
    settle(built, contracts)
    rows = _write(out, files, built)
    clock.lap("write")
    return IngestReport(files, rows, _rejects(built), _unknown(built), clock.laps)


class _Steps:
    """One count over all parts of the work: each file is looked at and parsed, each contract built."""

    def __init__(self, progress: Progress | None, n_contracts: int) -> None:
        self._say = progress or (lambda done, total, label: None)
        self._n_contracts = n_contracts
        self._n_files = 0

    def surveyed(self, done: int, total: int, label: str) -> None:
        self._n_files = total
        self._tell(done, label)

    def parsed(self, done: int, total: int, label: str) -> None:
        self._tell(self._n_files + done * self._n_files // total, label)

    def built(self, done: int, label: str) -> None:
        self._tell(2 * self._n_files + done, label)

    def _tell(self, done: int, label: str) -> None:
        self._say(done, 2 * self._n_files + self._n_contracts, label)


class _Clock:
    def __init__(self) -> None:
        self._last = time.perf_counter()
        self.laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps[name] = round(now - self._last, 3)
        self._last = now


def _parse(found: Landing, lake: Lake, say: Progress) -> tuple[list[LoadedTable], list[Finding]]:
    """Parses what the lake does not have yet. A file that breaks its parser is a finding."""
    loaded: list[LoadedTable] = []
    failed: list[Finding] = []
    with ThreadPoolExecutor(_READERS) as pool:
        for number, parsed in enumerate(pool.map(partial(_parse_one, lake), found.tables)):
            if isinstance(parsed, Finding):
                failed.append(parsed)
            else:
                loaded.append(parsed)
            say(number + 1, len(found.tables), found.tables[number].name)
    return loaded, failed


def _parse_one(lake: Lake, table: Found) -> LoadedTable | Finding:
    try:
        parsed = lake.parsed(table.file, table.table)
    except GuiyiError as error:
        return Finding(table.file, "unreadable", str(error))
    except Exception:  # a damaged file can make a parser fail in any way; the run goes on without it
        return Finding(table.file, "unreadable", "Its rows cannot be told apart; export it again.")
    return LoadedTable(table.file, table.table, parsed, table.account, table.exported, table.name)


def _account_for(found: Landing, loaded: Sequence[LoadedTable], built: Sequence[Built]) -> pl.DataFrame:
    """The table `source_file`: every file with what became of its rows."""
    counts = {name: row for part in built for name, row in part.counts.items()}
    held = {name: note for part in built for name, note in part.held.items()}
    rows = [_of_table(table, counts[table.name], held.get(table.name)) for table in loaded]
    by_name = {row["path"]: row for row in rows}
    for repeat, first in found.repeats:
        if first.name in by_name:
            rows.append(_of_repeat(repeat, by_name[first.name]))
        else:
            rows.append(_of_finding(Finding(repeat.file, "unreadable", "It repeats a file that cannot be read.")))
    rows += [_of_finding(finding) for finding in found.findings]
    files = pl.DataFrame(rows, schema=empty("source_file").schema).sort("path")
    uneven = files.filter(pl.col("rows_read") != pl.sum_horizontal("rows_accepted", "rows_rejected", "rows_repeated"))
    if uneven.height:
        raise GuiyiError(f"The rows of {uneven['path'][0]} do not add up; report this with the file's contract.")
    return files


def _of_table(table: LoadedTable, counts: dict[str, int], held: str | None) -> dict[str, object]:
    contract = table.table.match.contract
    status = "loaded" if counts["rows_read"] else "empty"
    note: str | None = None if counts["rows_read"] else say("no_rows")
    if not table.account.is_named and contract.account == "folder":
        note = say("nobody_says_whose", source=contract.source)
    if held:
        status, note = "held", held
    return {
        "file_id": table.file.sha256,
        "path": table.name,
        "contract": contract.name,
        "source": contract.source,
        "account": table.account.account,
        "record_type": contract.record_type,
        "status": status,
        **_noted(note),
        "encoding": table.parsed.encoding,
        "header_row": table.table.header_row,
        "coverage": round(table.table.match.coverage, 4),
        "exported_at": table.exported.at,
        "exported_at_from": table.exported.origin,
        "n_bytes": table.file.n_bytes,
        **counts,
    }


def _of_repeat(repeat: Found, first: dict[str, object]) -> dict[str, object]:
    again = {"rows_accepted": 0, "rows_rejected": 0, "rows_repeated": first["rows_read"]}
    return (
        first
        | again
        | {
            "path": repeat.name,
            "status": "repeat",
            **_noted(say("same_bytes", path=first["path"])),
            "exported_at": repeat.exported.at,
            "exported_at_from": repeat.exported.origin,
        }
    )


def _noted(note: str | None) -> dict[str, object]:
    return {"note": note and str(note), "note_zh": note and in_chinese(note)}


def _of_finding(finding: Finding) -> dict[str, object]:
    none = {"rows_read": 0, "rows_accepted": 0, "rows_rejected": 0, "rows_repeated": 0}
    return {
        "file_id": finding.file.sha256,
        "path": finding.name,
        "status": finding.status,
        **_noted(finding.note),
        "n_bytes": finding.file.n_bytes,
        **none,
        **_nearly(finding),
    }


def _nearly(finding: Finding) -> dict[str, object]:
    """What a file that is not understood would be, so that those whose it is are told."""
    if finding.near is None:
        return {}
    nearest = finding.near.nearest
    return {
        "source": nearest.source,
        "account": finding.account,
        "nearest_contract": nearest.contract,
        "missing_headers": ", ".join(nearest.missing),
        "rows_unread": finding.near.n_rows,
    }


def _write(out: Path, files: pl.DataFrame, built: Sequence[Built]) -> dict[str, int]:
    rows = {"source_file": write_table(out, "source_file", files)}
    for name in TABLES:
        if name != "source_file":
            parts = [part.tables.pop(name).select(empty(name).columns) for part in built]
            rows[name] = write_table(out, name, pl.concat([empty(name), *parts]))
    return rows


def _rejects(built: Sequence[Built]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in built:
        for reason, count in part.rejects.items():
            found[reason] = found.get(reason, 0) + count
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _unknown(built: Sequence[Built]) -> dict[str, dict[str, int]]:
    return {part.contract: dict(sorted(part.unknown.items())) for part in built if part.unknown}
