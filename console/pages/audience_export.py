"""Exports: what to ask for, what was written, and the files; served from the home's exports alone, and audited."""

import datetime as dt
import json
import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import FileResponse

from common.errors import GuiyiError
from console.audiences.sentences import both, told
from console.data import audiences as data
from console.data import exports as exported
from console.guard import Refused, console_of, needs, now, user_of
from console.pages.audiences import find
from console.rendering import language_of, redirect, render
from segments.api import CODE, Audience, Plan, export_audience, load_plans, preview
from warehouse import audit

router: Final = APIRouter(dependencies=[needs("export")])
ENCODINGS: Final = ("utf-8-sig", "gb18030", "utf-8")
FORMATS: Final = ("csv", "xlsx", "parquet")
SHORTEST_REASON: Final = 2
_WANTED: Final = {
    "integer": ("整数", "a whole number"),
    "number": ("数字", "a number"),
    "text": ("文字", "a text"),
    "date": ("日期，如 2026-01-31", "a date, such as 2026-01-31"),
    "list": ("以逗号分隔的值", "values with commas between them"),
}


def _list(text: str) -> list[str]:
    return [one.strip() for one in re.split(r"[,，、]", text) if one.strip()]


_READ: Final[dict[str, Callable[[str], Any]]] = {
    "integer": int,
    "number": float,
    "text": str,
    "date": dt.date.fromisoformat,
    "list": _list,
}


@router.get("/audiences/{name}/export")
def ask(request: Request, name: str) -> Response:
    """The form."""
    return _form(request, name, {})


@router.get("/audiences/{name}/export/reach")
def reach(request: Request, name: str, destination: str = "") -> Response:
    """Whom a list for a tool would reach, and what to do where that is nobody."""
    return render(request, "parts/export_reach.html", seen=_seen(request, find(request, name), destination))


@router.post("/audiences/{name}/export")
def export(
    request: Request,
    name: str,
    reason: Annotated[str, Form()] = "",
    holdout: Annotated[str, Form()] = "",
    campaign: Annotated[str, Form()] = "",
    code: Annotated[str, Form()] = "",
    destination: Annotated[str, Form()] = "",
    format: Annotated[str, Form()] = "",
    encoding: Annotated[str, Form()] = "",
    delta: Annotated[str, Form()] = "",
    send_on: Annotated[str, Form()] = "",
    plain: Annotated[str, Form()] = "",
    parameter: Annotated[list[str] | None, Form()] = None,
    value: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Writes the list; then on to what was written."""
    asked = {
        "reason": reason.strip(), "holdout": holdout.strip(), "campaign": campaign, "code": code.strip(),
        "destination": destination, "format": format, "encoding": encoding, "delta": delta, "send_on": send_on,
        "plain": plain,
    }  # fmt: skip
    audience = find(request, name)
    problems, share = _check(asked, load_plans(console_of(request).home.path).values(), audience.name)
    given = dict(zip(parameter or [], (one.strip() for one in value or []), strict=False))
    asked |= {f"parameter {one}": text for one, text in given.items()}
    parameters, wrong = _parameters(audience, {} if campaign else given)
    new_code = asked["code"] or None
    if new_code and share is None:
        share = 0.0  # a campaign without a holdout: its results are tied to it all the same
    problems |= wrong
    if problems:
        return _form(request, name, asked, problems=problems)
    console = console_of(request)
    try:
        report = export_audience(
            console.home.path, audience, at=now(request), destination=destination or None,
            campaign=campaign or new_code, holdout=None if campaign else share, format=format or None,  # type: ignore[arg-type]  # checked
            encoding=encoding or None, delta=delta == "1", requested_by=user_of(request).name,  # type: ignore[arg-type]  # checked
            variant="non_personalised" if plain == "1" else None,
            send_on=dt.date.fromisoformat(send_on) if send_on else None, reason=asked["reason"],
            parameters=parameters, language=language_of(request),
        )  # fmt: skip
    except GuiyiError as error:
        return _form(request, name, asked, problems={"all": told(error)})
    return redirect(request, f"/audiences/-/exports/{report.export_id}")


@router.get("/audiences/-/exports/{export_id}")
def show(request: Request, export_id: str) -> Response:
    """What an export wrote, who is in it by arm, who was left out and why."""
    entry, folder, manifest = _found(request, export_id)
    shelf = data.shelf(console_of(request).home)
    audience = shelf.audiences.get(entry.audience)
    return render(
        request, "export.html", entry=entry, manifest=manifest, folder=folder,
        notes=list(zip(manifest.get("notes_zh", manifest["notes"]), manifest["notes"], strict=True)),
        files=[(one, folder / one["name"]) for one in manifest["files"]],
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
        en = "The files of this list are no longer in the exports, or a newer export took their place."
        raise Refused(410, "名单文件已不在导出目录中，或已被更新的导出取代。", en)
    return entry, folder, json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def _check(
    asked: dict[str, str], plans: Collection[Plan], audience: str
) -> tuple[dict[str, tuple[str, str]], float | None]:
    """What is in the way of an export, by field; and the share that is held out."""
    problems: dict[str, tuple[str, str]] = _check_campaign(asked["campaign"], asked["code"], plans, audience)
    if len(asked["reason"]) < SHORTEST_REASON:
        problems["reason"] = ("请写明用途，便于日后追溯。", "Say what it is for, so that it can be told later.")
    share: float | None = None
    text = asked["holdout"].rstrip("%％").strip()
    if text and text != "0":
        try:
            share = float(text) / 100
        except ValueError:
            share = -1.0
        if not 0 < share <= 0.9:
            problems["holdout"] = (
                "请填 1 到 90 之间的百分数，或留空。",
                "Write a percentage from 1 to 90, or nothing.",
            )
    if asked["format"] and asked["format"] not in FORMATS:
        problems["format"] = ("请选择列出的格式。", "Choose one of the formats.")
    if asked["encoding"] and asked["encoding"] not in ENCODINGS:
        problems["encoding"] = ("请选择列出的编码。", "Choose one of the encodings.")
    try:
        dt.date.fromisoformat(asked["send_on"] or "2026-01-31")
    except ValueError:
        problems["send_on"] = ("请填写日期，如 2026-01-31", "Fill in a date, such as 2026-01-31")
    return problems, None if problems else share


def _check_campaign(campaign: str, code: str, plans: Collection[Plan], audience: str) -> dict[str, tuple[str, str]]:
    """What is wrong with the campaign that was chosen, or with the code of a new one."""
    if campaign and not any(plan.code == campaign and plan.audience == audience for plan in plans):
        return {"campaign": ("这个计划已不在，或属于其他人群。", "This plan is gone, or is another audience's.")}
    if campaign and code:
        return {
            "code": ("已选活动计划；请清空编号，或不选计划。", "A plan is chosen: clear the code, or choose no plan.")
        }
    taken = next((plan for plan in plans if code and plan.code.lower() == code.lower()), None)
    if taken is not None and taken.audience == audience:
        zh, en = (
            "编号已有计划：请在“活动计划”里选择它，或换一个。",
            "A plan has this code: choose it above, or take another.",
        )
        return {"code": (zh, en)}
    if taken is not None:
        return {
            "code": (
                f"编号已用于人群 {taken.audience}。",
                f"The audience {taken.audience} has a campaign of this code.",
            )
        }
    if code and not re.fullmatch(CODE, code):
        zh = "编号由字母、数字、- 和 _ 组成，字母或数字开头，至多 64 个。"
        return {"code": (zh, "Letters, digits, - and _, 64 at most; a letter or digit first.")}
    return {}


def _seen(request: Request, audience: Audience, destination: str) -> dict[str, Any]:
    """What stands beside the form: whom the list would reach, through the destination's channel and purpose."""
    console = console_of(request)
    own = audience.definition.channel
    tool = next((one for one in exported.destinations(console.home, audience) if one.name == destination), None)
    if tool is None:
        sized = data.size(console.warehouse, audience)
        return {"channel": own, "label": None, "reach": sized.reach, "fault": sized.fault, "notes": []}
    facts = {"channel": tool.channel or own, "label": tool.label}
    try:
        with console.warehouse.reading() as published:
            found = preview(published, audience, people=0, has_notes=False, destination=tool)
    except GuiyiError as error:
        return {**facts, "reach": None, "fault": told(error), "notes": []}
    return {**facts, "reach": found.reach, "fault": None, "notes": both(found.notes)}


def _parameters(audience: Audience, given: dict[str, str]) -> tuple[dict[str, Any], dict[str, tuple[str, str]]]:
    """The parameters whose values differ from their defaults, typed; and what is wrong with one, by its field."""
    values: dict[str, Any] = {}
    problems: dict[str, tuple[str, str]] = {}
    for name, known in audience.definition.parameters.items():
        text = given.get(name, "")
        if text in ("", shown(known.default)):
            continue
        try:
            values[name] = _READ[known.type](text)
        except ValueError:
            zh, en = _WANTED[known.type]
            problems[f"parameter {name}"] = (f"请填{zh}。", f"Write {en}.")
    return values, problems


def shown(value: object) -> str:
    """A parameter's value as a field shows it; a list by commas."""
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def _form(
    request: Request, name: str, asked: dict[str, str], *, problems: dict[str, tuple[str, str]] | None = None
) -> Response:
    console = console_of(request)
    audience = find(request, name)
    entries = data.exports(console.home).get(name, [])
    return render(
        request, "export_form.html", status=422 if problems else 200, audience=audience,
        definition=audience.definition, seen=_seen(request, audience, asked.get("destination", "")),
        problems=problems or {}, asked=asked,
        destinations=exported.destinations(console.home, audience), campaigns=exported.campaigns(console.home, name),
        code=exported.default_code(console.warehouse.manifest()["time_zone"], name, now(request)),
        before={entry.destination or "" for entry in entries}, encodings=ENCODINGS, formats=FORMATS,
        parameters=[
            (one, known, asked.get(f"parameter {one}", shown(known.default)))
            for one, known in audience.definition.parameters.items()
        ],
    )  # fmt: skip
