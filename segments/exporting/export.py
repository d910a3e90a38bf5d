"""Exports: an audience as a CSV file that opens in a spreadsheet, with a manifest that says what it is.

The rows come from the compiled SQL, the contact points and names from the vault. Nothing is in place until it is
complete, and what is there is readable by its owner alone.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from common.errors import UsageError
from segments.exporting.cells import Encoding, Language, as_cells, encode_csv
from segments.exporting.files import write_folder, write_into
from segments.exporting.rows import CONTACT_COLUMNS, collect
from segments.published import Published, open_published
from segments.reaching.reach import measure
from segments.rules.compile import Compiled, compile_for
from segments.rules.definition import Label
from segments.rules.hints import unseen_values
from segments.rules.library import find_audience
from segments.rules.load import Audience

ENCODINGS: Final = ("utf-8-sig", "utf-8", "gb18030")

_PERSONAL: Final = {
    "name": Label(zh="姓名", en="Name"),
    "nickname": Label(zh="昵称", en="Nickname"),
    "birth_date": Label(zh="生日", en="Birth date"),
}
_ONE_ID: Final = Label(zh="客户编号", en="OneID")


@dataclass(frozen=True)
class ExportReport:
    """What was exported.

    Attributes:
        csv: the list.
        manifest: its manifest.
        rows: people in the list.
        matching: people whom the rule describes.
        dropped: people who match and are not in the list, by reason; rows + dropped = matching.
        sha256: of the list's bytes.
        notes: what may be a slip in the audience, for people to read.
    """

    audience: str
    run_id: str
    as_of: dt.date
    csv: Path
    manifest: Path
    rows: int
    matching: int
    dropped: dict[str, int]
    sha256: str
    encoding: str
    notes: list[str]


def export_audience(
    home: Path,
    audience: str | Audience,
    *,
    run_id: str | None = None,
    encoding: Encoding = "utf-8-sig",
    out: Path | None = None,
    requested_by: str | None = None,
    reason: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    language: Language = "zh",
) -> ExportReport:
    """Writes an audience of the published run as CSV with a manifest.

    Args:
        home: the GUIYI_HOME folder.
        audience: an audience, or the name of one in `segments/audiences`.
        run_id: the run that is expected to be published; None takes the one that is.
        encoding: of the CSV; `utf-8-sig` is UTF-8 with a byte order mark, which Excel wants.
        out: a folder for the two files; None is `exports/<audience>/<run_id>` of the home.
        requested_by: who asked for the list, for the manifest.
        reason: why, for the manifest.
        parameters: values that replace the audience's defaults.
        language: of the headers.

    Raises:
        UsageError: nothing is published, another run is, or an argument is wrong.
        DefinitionError: the audience is wrong, or does not fit the published tables.
    """
    if encoding not in ENCODINGS:
        raise UsageError(f"The encoding {encoding!r} is not known; use one of {', '.join(ENCODINGS)}.")
    definition = find_audience(audience, home) if isinstance(audience, str) else audience
    with open_published(home, run_id) as published:
        compiled = compile_for(published, definition, parameters)
        reach = measure(published.con, compiled)
        notes = unseen_values(published.con, compiled)
        table, dropped = collect(published, compiled)
    dropped = {**reach.unreachable, **dropped}
    content = encode_csv(_with_headers(compiled, table, language, published), encoding)
    folder = out or published.home.exports / compiled.definition.name / published.run_id
    name = f"{compiled.definition.name}.csv"
    report = ExportReport(
        audience=compiled.definition.name,
        run_id=published.run_id,
        as_of=published.calendar.as_of,
        csv=folder / name,
        manifest=folder / "manifest.json",
        rows=table.height,
        matching=reach.matching,
        dropped=dropped,
        sha256=hashlib.sha256(content).hexdigest(),
        encoding=encoding,
        notes=notes,
    )
    manifest = _manifest(report, compiled, columns=table.columns, requested_by=requested_by, reason=reason)
    files = {name: content, report.manifest.name: manifest}
    write_into(out, files) if out is not None else write_folder(folder, files)
    return report


def _with_headers(compiled: Compiled, table: pl.DataFrame, language: Language, published: Published) -> pl.DataFrame:
    labels = _labels(compiled)
    headers = {name: getattr(labels[name], language) if name in labels else name for name in table.columns}
    twice = sorted({header for header in headers.values() if list(headers.values()).count(header) > 1})
    if twice:
        problem = f"two columns would have the header {twice[0]}."
        raise compiled.audience.fault(("columns",), problem, "Give one of them another label.")
    return as_cells(table, language=language, time_zone=published.calendar.time_zone).rename(headers)


def _labels(compiled: Compiled) -> dict[str, Label]:
    definition = compiled.definition
    labels = {"one_id": _ONE_ID}
    if definition.channel is not None:
        labels |= {f"contact.{name}": label for name, label in CONTACT_COLUMNS[definition.channel].items()}
    labels |= {f"personal.{name}": _PERSONAL[name] for name in definition.personal}
    return labels | {one.column: one.label for one in definition.columns if one.label is not None}


def _manifest(
    report: ExportReport,
    compiled: Compiled,
    *,
    columns: list[str],
    requested_by: str | None,
    reason: str | None,
) -> bytes:
    definition = compiled.definition
    consent = {"channel": definition.channel, "purpose": definition.purpose} if definition.channel else None
    manifest = {
        "audience": report.audience,
        "run_id": report.run_id,
        "as_of": report.as_of.isoformat(),
        "file": report.csv.name,
        "rows": report.rows,
        "sha256": report.sha256,
        "encoding": report.encoding,
        "columns": columns,
        "matching": report.matching,
        "dropped": report.dropped,
        "consent": consent,
        "notes": report.notes,
        "requested_by": requested_by,
        "reason": reason,
        "definition": definition.model_dump(mode="json", by_alias=True, exclude_none=True),
        "definition_sha256": compiled.audience.sha256,
        "sql": compiled.sql,
    }
    return (json.dumps(manifest, ensure_ascii=False, indent=2) + "\n").encode()
