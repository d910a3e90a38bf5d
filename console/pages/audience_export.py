"""Exports: what to ask for, what was written, and the files; served from the home's exports alone, and audited."""

import json
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from common.errors import GuiyiError
from common.labels import Pair
from console.audiences import asking as forms
from console.audiences import parameters as given
from console.audiences.asking import Asking
from console.audiences.sentences import both, told_without_place
from console.data import audiences as data
from console.data import exports as exported
from console.guard import Refused, console_of, needs, now, user_of
from console.pages.audience_builder import Posted
from console.pages.audiences import find
from console.rendering import language_of, redirect, render
from segments.api import Audience, RuleFault, export_audience, load_plans
from warehouse import audit

router: Final = APIRouter(dependencies=[needs("export")])
_FIRST_SHARE: Final = "10"


@router.get("/audiences/{name}/export")
def ask(request: Request, name: str) -> Response:
    """The form."""
    return _form(request, find(request, name), forms.read_asking([("holdout", _FIRST_SHARE)]))


@router.get("/audiences/{name}/export/reach")
def reach(request: Request, name: str) -> Response:
    """Who would be in the list and who would be held out, if what the form says were exported."""
    audience, asking = find(request, name), forms.read_asking(request.query_params.multi_items())
    return render(request, "parts/export_reach.html", name=name, **_seen(request, audience, asking))


@router.post("/audiences/{name}/export")
def export(request: Request, name: str, form: Posted) -> Response:
    """Writes the list; then on to what was written."""
    audience, asking = find(request, name), forms.read_asking(form)
    values, problems = _judged(request, audience, asking)
    if problems:
        return _form(request, audience, asking, problems=problems)
    console, texts = console_of(request), asking.texts
    try:
        report = export_audience(
            console.home.path, audience, at=now(request), format=texts["format"] or None,  # type: ignore[arg-type]  # checked
            encoding=texts["encoding"] or None, delta=texts["delta"] == "1",  # type: ignore[arg-type]  # checked
            requested_by=user_of(request).name, reason=texts["reason"], language=language_of(request),
            **exported.wanted(asking, values),
        )  # fmt: skip
    except GuiyiError as error:
        return _form(request, audience, asking, problems=_at_its_field(audience, error))
    return redirect(request, f"/audiences/-/exports/{report.export_id}")


@router.get("/audiences/-/exports/{export_id}")
def show(request: Request, export_id: str) -> Response:
    """What an export wrote, who is in it by arm, who was left out and why."""
    entry, folder, manifest = _found(request, export_id)
    home = console_of(request).home
    shelf = data.shelf(home)
    audience = shelf.audiences.get(entry.audience)
    return render(
        request, "export.html", entry=entry, manifest=manifest, folder=folder,
        notes=list(zip(manifest.get("notes_zh", manifest["notes"]), manifest["notes"], strict=True)),
        files=[(one, folder / one["name"]) for one in manifest["files"]],
        tool=exported.tool_names(home).get(manifest["destination"]),
        title=audience.definition.label if audience else None,
    )  # fmt: skip


@router.get("/audiences/-/exports/{export_id}/files/{file}")
def download(request: Request, export_id: str, file: str) -> Response:
    """One file of an export, as its manifest names it; each download is audited."""
    entry, folder, manifest = _found(request, export_id)
    if file not in {one["name"] for one in manifest["files"]} or not (folder / file).is_file():
        raise Refused(404, "没有这个文件。", "There is no such file.")
    audit.record(
        console_of(request).home.path, "download", who=user_of(request).name, at=now(request), export_id=export_id,
        audience=entry.audience, file=file,
    )  # fmt: skip
    return FileResponse(folder / file, filename=file, headers={"Cache-Control": "no-store"})


def _found(request: Request, export_id: str) -> tuple[Any, Path, dict[str, Any]]:
    home = console_of(request).home
    entry = exported.find(home, export_id)
    if entry is None:
        raise Refused(404, "没有这次导出。", "There is no such export.")
    folder = exported.folder_of(home, entry)
    if folder is None:
        newer = exported.newer_of(home, entry)
        if newer is None:
            en = "The files of this list are no longer in the exports. Export it again if it is needed."
            raise Refused(410, "名单文件已不在导出目录中；如仍需要，请重新导出。", en)
        raise Refused(
            410, f"这份名单已被 {newer.export_id} 更新取代。", f"{newer.export_id} took the place of this list.",
            onward=(f"/audiences/-/exports/{newer.export_id}", "打开新的名单", "Open the newer list"),
        )  # fmt: skip
    return entry, folder, json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def _judged(request: Request, audience: Audience, asking: Asking) -> tuple[dict[str, Any], dict[str, Pair]]:
    """The parameters' values that differ from the defaults, and what is in the way, by field."""
    problems = forms.check(asking, load_plans(console_of(request).home.path).values(), audience.name)
    if asking.texts["campaign"]:
        return {}, problems  # those of the plan hold
    values, wrong = given.read(audience, _fields(request, audience, asking), asking.parameters)
    return values, problems | wrong


def _at_its_field(audience: Audience, error: GuiyiError) -> dict[str, Pair]:
    """What is wrong, at the parameter that it is about where it is one's, else above the form."""
    name = given.field_at_fault(audience, error) if isinstance(error, RuleFault) else None
    return {f"parameter.{name}" if name else "all": told_without_place(error)}


def _fields(request: Request, audience: Audience, asking: Asking) -> list[given.Field]:
    if not audience.definition.parameters:
        return []
    warehouse = console_of(request).warehouse
    known = warehouse.once("known columns", given.known_columns)
    return given.fields_of(audience, known, lambda: data.vocabulary(warehouse), asking.parameters)


def _seen(request: Request, audience: Audience, asking: Asking) -> dict[str, Any]:
    """What stands beside the form: whom the list would reach, who is held out, and what it would take the place of."""
    console, texts = console_of(request), asking.texts
    tool = exported.named(exported.destinations(console.home, audience), texts["destination"])
    own = audience.definition.channel
    facts: dict[str, Any] = {
        "channel": (tool.channel if tool else None) or own,
        "tool": tool,
        "size": None,
        "fault": None,
        "notes": [],
    }
    values, problems = _judged(request, audience, asking)
    problems.pop("reason", None)  # is not written yet
    if problems:
        return facts | {"fault": next(iter(problems.values()))}
    try:
        size = exported.size(console.home, audience, at=now(request), **exported.wanted(asking, values))
    except GuiyiError as error:
        return facts | {"fault": told_without_place(error)}
    return facts | {"size": size, "notes": both(size.notes), "is_delta": texts["delta"] == "1"}


def _form(request: Request, audience: Audience, asking: Asking, *, problems: dict[str, Pair] | None = None) -> Response:
    console, name = console_of(request), audience.name
    return render(
        request, "export_form.html", status=422 if problems else 200, audience=audience,
        definition=audience.definition, problems=problems or {}, asked=asking.texts,
        destinations=exported.destinations(console.home, audience), campaigns=exported.campaigns(console.home, name),
        code=exported.default_code(console.home, console.warehouse.manifest()["time_zone"], name, now(request)),
        encodings=forms.ENCODINGS, formats=forms.FORMATS, fields=_fields(request, audience, asking),
        reach=data.size(console.warehouse, audience).reach,
    )  # fmt: skip
