"""Exports: an audience as the files that a person or a tool reads, with a manifest that says what they are.

The rows come from the compiled SQL, the contact points and names from the vault. Nothing is in place until it is
complete, and what is there is readable by its owner alone. Every export is in the audit trail and in the register
before its files are.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from segments.exporting.cells import Encoding, Language
from segments.exporting.delta import delta_content, members_frame
from segments.exporting.destination import Destination, find_destination
from segments.exporting.formats import Format, check_format, encode
from segments.exporting.layout import Laid, lay_out, parts
from segments.exporting.outcome import Content, ExportReport, manifest_of
from segments.exporting.placing import place
from segments.exporting.register import Entry, confirm, exports_held, next_export_id, settle
from segments.exporting.rows import candidates
from segments.published import Published, open_published
from segments.reaching.reach import measure
from segments.rules.compile import Compiled, compile_for
from segments.rules.definition import PersonalField
from segments.rules.hints import unseen_values
from segments.rules.library import find_audience
from segments.rules.load import Audience


@dataclass(frozen=True)
class _Order:
    """What was asked for, with every default in place."""

    destination: Destination | None
    format: Format
    encoding: Encoding
    language: Language
    delta: bool
    at: dt.datetime


def export_audience(
    home: Path,
    audience: str | Audience,
    *,
    at: dt.datetime,
    run_id: str | None = None,
    destination: str | None = None,
    format: Format | None = None,
    encoding: Encoding | None = None,
    delta: bool = False,
    out: Path | None = None,
    requested_by: str | None = None,
    reason: str | None = None,
    parameters: Mapping[str, Any] | None = None,
    language: Language = "zh",
    is_sending: bool = True,
) -> ExportReport:
    """Writes an audience of the published run as files with a manifest.

    Args:
        home: the GUIYI_HOME folder.
        audience: an audience, or the name of one.
        at: now, UTC without zone.
        run_id: the run that is expected to be published; None takes the one that is.
        destination: the tool that the list is for; None is the plain list, as people read it.
        format: csv, xlsx or parquet; None is what the destination wants, else csv.
        encoding: of a CSV; None is what the destination wants, else `utf-8-sig`, UTF-8 with a byte order mark.
        delta: only what came and went since the last export of this audience to this destination, in two files.
        out: a folder for the files; None is `exports/<audience>/<run_id>` of the home.
        requested_by: who asked for the list.
        reason: why.
        parameters: values that replace the audience's defaults.
        language: of the plain list's headers.
        is_sending: whether somebody may send to it, so that frequency caps count it.

    Raises:
        UsageError: nothing is published, another run is, or an argument is wrong.
        DefinitionError: the audience is wrong, or does not fit the published tables.
    """
    tool = find_destination(destination, home) if destination is not None else None
    order = _Order(
        destination=tool,
        format=format or (tool.format if tool else "csv"),
        encoding=encoding or (tool.encoding if tool else "utf-8-sig"),
        language=language,
        delta=delta,
        at=at,
    )
    check_format(order.format, order.encoding)
    definition = find_audience(audience, home) if isinstance(audience, str) else audience
    with open_published(home, run_id) as published, exports_held(published.home.exports):
        for made in settle(published.home.exports):
            confirm(published.home.exports, made)
        compiled = compile_for(published, definition, parameters)
        reach = measure(published.con, compiled)
        notes = unseen_values(published.con, compiled)
        rows, dropped = candidates(published, compiled, personal=_personal(compiled, tool))
        laid = lay_out(rows, compiled, tool, language=language, texts=_texts(compiled))
        members = members_frame(rows, laid)
        exports = published.home.exports
        content = _content(published, compiled, order, laid, members)
        folder = out or exports / compiled.definition.name / _folder(published.run_id, destination, delta=delta)
        report = ExportReport(
            audience=compiled.definition.name,
            run_id=published.run_id,
            as_of=published.calendar.as_of,
            export_id=next_export_id(exports, at),
            csv=folder / next(iter(content.files)),
            files=tuple(folder / name for name in content.files),
            manifest=folder / "manifest.json",
            evidence=None,
            rows=rows.height,
            matching=reach.matching,
            dropped={**reach.unreachable, **dropped},
            sha256=content.sha256,
            encoding=order.encoding,
            format=order.format,
            destination=destination,
            campaign=None,
            arms={},
            added=content.added,
            removed=content.removed,
            notes=notes,
        )
        entry = Entry(
            export_id=report.export_id, at=at, audience=report.audience, run_id=report.run_id,
            channel=compiled.definition.channel, destination=destination, campaign=None, is_delta=delta,
            is_sending=is_sending and compiled.definition.channel is not None, format=order.format,
            encoding=order.encoding, rows=report.rows, sha256=report.sha256, path=str(folder.absolute()),
            requested_by=requested_by, reason=reason,
        )  # fmt: skip
        asked = {"exported_at": at.isoformat(timespec="seconds"), "requested_by": requested_by, "reason": reason}
        files = {**content.files, report.manifest.name: manifest_of(report, compiled, content, asked)}
        place(published.home, entry, members, files, into=out)
    return report


def _personal(compiled: Compiled, tool: Destination | None) -> list[PersonalField]:
    """The personal fields that leave: those that the audience gives to its readers, and those that the tool needs."""
    if compiled.definition.channel is None:
        return []
    wanted: list[PersonalField] = list(compiled.definition.personal) if tool is None else []
    for column in tool.columns if tool else ():
        if column.source == "name" or column.source == "nickname":
            wanted.append(column.source)
    return wanted


def _texts(compiled: Compiled) -> dict[str, str]:
    return {"audience": compiled.definition.name, "audience_label": compiled.definition.label.zh}


def _folder(run_id: str, destination: str | None, *, delta: bool) -> str:
    return ".".join((run_id, *((destination,) if destination else ()), *(("delta",) if delta else ())))


def _content(published: Published, compiled: Compiled, order: _Order, laid: Laid, members: pl.DataFrame) -> Content:
    tool = order.destination
    told: tuple[int, int, str | None] | tuple[()] = ()
    max_rows = tool.max_rows if tool else None
    if order.delta:
        destination = tool.name if tool else None
        sent = delta_content(published.home.exports, compiled.definition.name, destination, None, laid, members)
        pieces = [*parts(sent.added, "added", max_rows), *parts(sent.removed, "removed", max_rows)]
        told = (sent.added.frame.height, sent.removed.frame.height, sent.against)
    else:
        pieces = list(parts(laid, compiled.definition.name, max_rows))
    files = {
        f"{name}.{order.format}": encode(
            rows,
            fmt=order.format,
            encoding=order.encoding,
            language=order.language,
            time_zone=published.calendar.time_zone,
            has_header=tool is None or tool.has_header,
        )
        for name, rows in pieces
    }
    sizes = {f"{name}.{order.format}": rows.height for name, rows in pieces}
    return Content(files, sizes, laid.frame.columns, *told)
