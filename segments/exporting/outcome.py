"""What an export tells: its report to the caller, and the manifest that lies beside the list."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segments.reaching.reach import Reach
from segments.rules.compile import Compiled
from segments.saying import in_chinese


@dataclass(frozen=True)
class ExportReport:
    """What was exported.

    Attributes:
        export_id: its name in the register.
        csv: the list; the first of its files where it has several.
        files: every file of the list.
        manifest: its manifest.
        evidence: in the vault, the consent that each row rests on; None without a channel.
        rows: people in the list; of a delta, people who are in it now, sent before or not.
        matching: people whom the rule describes.
        dropped: people who match and are not in the list, by reason; rows + dropped = matching.
        sha256: of the file; of several, of their hashes one a line, in order.
        arms: people by arm, those held out left out.
        added: of a delta, people who are new since the last export.
        removed: of a delta, identifiers that are to be taken out.
        notes: what may be a slip, for people to read.
    """

    audience: str
    run_id: str
    as_of: dt.date
    export_id: str
    csv: Path
    files: tuple[Path, ...]
    manifest: Path
    evidence: Path | None
    rows: int
    matching: int
    dropped: dict[str, int]
    sha256: str
    encoding: str
    format: str
    destination: str | None
    campaign: str | None
    arms: dict[str, int]
    added: int | None
    removed: int | None
    notes: list[str]


@dataclass(frozen=True)
class Content:
    """The files of a list, made and not yet written."""

    files: dict[str, bytes]
    rows: dict[str, int]
    columns: list[str]
    added: int | None = None
    removed: int | None = None
    against: str | None = None
    hashes: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        hashes = {name: hashlib.sha256(content).hexdigest() for name, content in self.files.items()}
        object.__setattr__(self, "hashes", hashes)

    @property
    def sha256(self) -> str:
        """The content's hash: of the only file, else of the files' hashes."""
        hashes = list(self.hashes.values())
        return hashes[0] if len(hashes) == 1 else hashlib.sha256("\n".join(hashes).encode()).hexdigest()


@dataclass(frozen=True)
class ListSize:
    """What a list would come to, in people: `matching` of the reach, less who cannot be reached, less `dropped`,
    less who is held out, makes `rows`.

    Attributes:
        reach: what the rule and the policy leave, on the day of the list and beside what was exported before.
        dropped: reachable people whom no contact point, or the list's limit, leaves out; by reason, none that is zero.
        n_held_out: drawn to be held out.
        rows: people in the list.
        arms: people by arm, without the holdout.
        campaign: the code that it would have.
        replaces: the export whose files it would take the place of: an earlier list of the same campaign and run.
        notes: what should be known before sending.
    """

    reach: Reach
    dropped: dict[str, int]
    n_held_out: int
    rows: int
    arms: dict[str, int]
    campaign: str | None
    replaces: str | None
    notes: list[str]


def manifest_of(report: ExportReport, compiled: Compiled, content: Content, asked: Mapping[str, Any]) -> bytes:
    """The manifest: what the files are, which rule and consent they rest on, who asked and why; nobody is in it.

    Args:
        report: the export.
        compiled: its audience.
        content: its files.
        asked: `exported_at`, `requested_by`, `reason`, and what else was asked for.
    """
    definition = compiled.definition
    consent = {"channel": definition.channel, "purpose": compiled.purpose} if definition.channel else None
    manifest = {
        "export_id": report.export_id,
        "audience": report.audience,
        "run_id": report.run_id,
        "as_of": report.as_of.isoformat(),
        "file": report.csv.name,
        "files": [
            {"name": name, "rows": content.rows[name], "sha256": digest} for name, digest in content.hashes.items()
        ],
        "rows": report.rows,
        "sha256": report.sha256,
        "format": report.format,
        "encoding": report.encoding,
        "destination": report.destination,
        "campaign": report.campaign,
        "arms": report.arms,
        "delta": _delta(content),
        "columns": content.columns,
        "matching": report.matching,
        "dropped": report.dropped,
        "consent": consent,
        "notes": [str(note) for note in report.notes],
        "notes_zh": [in_chinese(note) for note in report.notes],
        **asked,
        "definition": definition.model_dump(mode="json", by_alias=True, exclude_none=True),
        "definition_sha256": hashlib.sha256(compiled.audience.path.read_bytes()).hexdigest(),
        "sql": compiled.sql,
    }
    return (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode()


def _delta(content: Content) -> dict[str, Any] | None:
    if content.added is None:
        return None
    return {"against": content.against, "added": content.added, "removed": content.removed}
