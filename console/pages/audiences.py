"""Audiences: the list, and one of them."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from console.data import audiences as data
from console.guard import Refused, console_of, needs
from console.rendering import render
from segments.api import CHANNELS, Audience, ExportEntry, preview

router: Final = APIRouter()
PEOPLE: Final = 20


@router.get("/audiences", dependencies=[needs("view")])
def show(request: Request, q: str = "", channel: str = "", origin: str = "") -> Response:
    """All audiences; sizes that are not known yet come after the page."""
    console = console_of(request)
    if console.home.published() is None:
        return render(request, "welcome.html", home=str(console.home.path))
    shelf = data.shelf(console.home)
    exported = data.exports(console.home)
    shown = [
        one
        for one in shelf.audiences.values()
        if data.matches(one, q) and channel in ("", one.definition.channel or "none") and origin in ("", one.origin)
    ]
    return render(
        request,
        "audiences.html",
        audiences=[_row(request, one, exported.get(one.name, [])) for one in shown],
        faults=shelf.faults,
        n_all=len(shelf.audiences),
        q=q,
        channel=channel,
        origin=origin,
        channels=CHANNELS,
    )


@router.get("/audiences/{name}/row", dependencies=[needs("view")])
def row(request: Request, name: str) -> Response:
    """The row of the list with its sizes."""
    console = console_of(request)
    audience = find(request, name)
    data.size(console.warehouse, audience)
    entries = data.exports(console.home).get(name, [])
    return render(request, "parts/audience_row.html", row=_row(request, audience, entries))


@router.get("/audiences/{name}", dependencies=[needs("view")])
def one(request: Request, name: str) -> Response:
    """One audience: its rule in words, and what is exported of it; sizes and people come after the page."""
    console = console_of(request)
    audience = find(request, name)
    shelf = data.shelf(console.home)
    words = data.vocabulary(console.warehouse)
    entries = data.exports(console.home).get(name, [])
    return render(
        request,
        "audience.html",
        audience=audience,
        definition=audience.definition,
        rule=data.rule_in_words(audience, words, data.titles(shelf)),
        columns=words.columns,
        exports=list(reversed(entries))[:PEOPLE],
        trend=data.trend(entries),
        known=console.warehouse.known(data.size_key(audience)),
    )


@router.get("/audiences/{name}/figures", dependencies=[needs("view")])
def figures(request: Request, name: str) -> Response:
    """Sizes, reach and the SQL of one audience."""
    console = console_of(request)
    audience = find(request, name)
    with console.warehouse.reading() as published:
        seen = preview(published, audience, people=0)
    return render(request, "parts/audience_figures.html", seen=seen, definition=audience.definition)


@router.get("/audiences/{name}/people", dependencies=[needs("view")])
def people(request: Request, name: str) -> Response:
    """Twenty people of the list, masked."""
    audience = find(request, name)
    with console_of(request).warehouse.reading() as published:
        found = preview(published, audience, people=PEOPLE).people
    words = data.vocabulary(console_of(request).warehouse)
    labels = {one.column: one.label for one in audience.definition.columns if one.label}
    return render(request, "parts/audience_people.html", people=found, labels=labels, columns=words.columns)


def find(request: Request, name: str) -> Audience:
    """The audience of that name.

    Raises:
        Refused: there is none, or its file cannot be read.
    """
    shelf = data.shelf(console_of(request).home)
    if name in shelf.faults:
        fault = shelf.faults[name]
        raise Refused(409, f"人群文件无法读取：{fault}", f"The audience's file cannot be read: {fault}")
    if name not in shelf.audiences:
        raise Refused(404, f"没有名为 {name} 的人群。", f"There is no audience named {name}.")
    return shelf.audiences[name]


def _row(request: Request, audience: Audience, entries: list[ExportEntry]) -> dict[str, Any]:
    sent = [entry for entry in entries if entry.is_sending]
    return {
        "audience": audience,
        "definition": audience.definition,
        "size": console_of(request).warehouse.known(data.size_key(audience)),
        "trend": data.trend(entries),
        "last": sent[-1] if sent else None,
    }
