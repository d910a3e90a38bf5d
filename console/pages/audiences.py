"""Audiences: the list, and one of them."""

from typing import Annotated, Any, Final

import polars as pl
from fastapi import APIRouter, Query, Request, Response

from common.labels import Pair
from console import charts
from console.audiences.sentences import both, told
from console.data import audiences as data
from console.data.exports import tool_names
from console.guard import Refused, console_of, needs
from console.rendering import render
from segments.api import (
    CHANNELS,
    Audience,
    ExportEntry,
    overlap,
    past_sizes,
    preview,
    reach_by_channel,
    top_tags,
)

router: Final = APIRouter()
PEOPLE: Final = 20
MOST_COMPARED: Final = 6


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
        faults={name: told(fault) for name, fault in shelf.faults.items()},
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
    entries = data.exports(console.home).get(name, [])
    return render(
        request,
        "audience.html",
        audience=audience,
        definition=audience.definition,
        name_of=data.names(console.warehouse).of_any,
        headers=_headers(request, audience),
        exports=list(reversed(entries))[:PEOPLE],
        tools=tool_names(console.home),
        trend=data.trend(entries),
        known=console.warehouse.known(data.size_key(audience)),
    )


@router.get("/audiences/{name}/rule", dependencies=[needs("view")])
def rule(request: Request, name: str) -> Response:
    """The rule in words."""
    console = console_of(request)
    audience = find(request, name)
    words = data.vocabulary(console.warehouse)
    told = data.rule_in_words(audience, words, data.titles(data.shelf(console.home)))
    return render(request, "parts/audience_rule.html", rule=told)


@router.get("/audiences/{name}/figures", dependencies=[needs("view")])
def figures(request: Request, name: str) -> Response:
    """Sizes, reach and the SQL of one audience."""
    console = console_of(request)
    audience = find(request, name)
    with console.warehouse.reading() as published:
        seen = preview(published, audience, people=0)
    return render(request, "parts/audience_figures.html", told_notes=both, seen=seen, definition=audience.definition)


@router.get("/audiences/{name}/people", dependencies=[needs("view")])
def people(request: Request, name: str) -> Response:
    """Twenty people of the list, masked."""
    audience = find(request, name)
    with console_of(request).warehouse.reading() as published:
        found = preview(published, audience, people=PEOPLE).people
    return show_people(request, found, audience)


def show_people(request: Request, found: pl.DataFrame, audience: Audience) -> Response:
    """Some people of a list as a table, the codes in it as words."""
    warehouse = console_of(request).warehouse
    names = data.names(warehouse)

    def said(column: str, value: Any) -> Pair | None:
        if isinstance(value, list):
            pairs = [names.of_column(column, one) or (str(one), str(one)) for one in value]
            return "、".join(zh for zh, _ in pairs), ", ".join(en for _, en in pairs)
        return names.of_column(column, value)

    return render(
        request, "parts/audience_people.html", people=found, headers=_headers(request, audience), said=said
    )  # fmt: skip


def _headers(request: Request, audience: Audience) -> dict[str, Pair]:
    """What the columns of an audience's list are called: as its file says, else as the dictionary does."""
    own = {one.column: (one.label.zh, one.label.en) for one in audience.definition.columns if one.label}
    return data.column_names(console_of(request).warehouse) | own


@router.get("/audiences/{name}/channels", dependencies=[needs("view")])
def channels(request: Request, name: str) -> Response:
    """How many each channel reaches, and why not the rest."""
    audience = find(request, name)
    found = console_of(request).warehouse.once(
        f"channels {audience.name} {audience.sha256}", lambda published: reach_by_channel(published, audience)
    )
    return render(request, "parts/audience_channels.html", channels=found, own=audience.definition.channel)


@router.get("/audiences/{name}/tags", dependencies=[needs("view")])
def tags(request: Request, name: str) -> Response:
    """The tags that set its people apart."""
    audience = find(request, name)
    found = console_of(request).warehouse.once(
        f"tags {audience.name} {audience.sha256}", lambda published: top_tags(published, audience)
    )
    names = data.names(console_of(request).warehouse)
    return render(
        request,
        "parts/audience_tags.html",
        tags=found,
        said=lambda tag, value: names.of_tag(tag, value) or (value,) * 2,
    )


@router.get("/audiences/{name}/past", dependencies=[needs("view")])
def past(request: Request, name: str) -> Response:
    """Today's rule on the kept runs."""
    audience = find(request, name)
    found = console_of(request).warehouse.once(
        f"past {audience.name} {audience.sha256}", lambda published: past_sizes(published, audience)
    )
    return render(request, "parts/audience_past.html", past=found[-data.TREND :])


@router.get("/audiences/-/compare", dependencies=[needs("view")])
def compare(request: Request, name: Annotated[list[str] | None, Query()] = None, all: str = "") -> Response:
    """What audiences have in common: a matrix with shares, and circles for each two."""
    console = console_of(request)
    shelf = data.shelf(console.home)
    shown = [shelf.audiences[one] for one in dict.fromkeys(name or ()) if one in shelf.audiences]
    problem = ("请选择 2 到 6 个。", "Choose two to six.") if name and not 2 <= len(shown) <= MOST_COMPARED else None
    matrix, pairs = [], []
    if len(shown) >= 2 and problem is None:
        with console.warehouse.reading() as published:
            matrix = overlap(published, shown, reachable=all != "1").matrix
        pairs = [_pair(shown, matrix, i, j) for i in range(len(shown)) for j in range(i + 1, len(shown))]
    return render(
        request, "audience_compare.html", audiences=list(shelf.audiences.values()), shown=shown, matrix=matrix,
        pairs=pairs, problem=problem, chosen=[one.name for one in shown], is_all=all == "1",
    )  # fmt: skip


def _pair(shown: list[Audience], matrix: list[list[int]], i: int, j: int) -> dict[str, Any]:
    first, second, both = matrix[i][i], matrix[j][j], matrix[i][j]
    picture = charts.venn(first, second, both, label=f"{first:,} / {second:,} / {both:,}")
    return {"a": shown[i], "b": shown[j], "both": both, "picture": picture}


def find(request: Request, name: str) -> Audience:
    """The audience of that name.

    Raises:
        Refused: there is none, or its file cannot be read.
    """
    shelf = data.shelf(console_of(request).home)
    if name in shelf.faults:
        zh, en = told(shelf.faults[name])
        raise Refused(
            409, f"人群文件 {name}.yml 无法读取：{zh}", f"The audience's file {name}.yml cannot be read: {en}"
        )
    if name not in shelf.audiences:
        raise Refused(404, f"没有名为 {name} 的人群。", f"There is no audience named {name}.")
    return shelf.audiences[name]


def _row(request: Request, audience: Audience, entries: list[ExportEntry]) -> dict[str, Any]:
    sent = [entry for entry in entries if entry.is_sending]
    daily = [entry for entry in entries if not entry.is_sending]
    return {
        "audience": audience,
        "definition": audience.definition,
        "size": console_of(request).warehouse.known(data.size_key(audience)),
        "trend": data.trend(entries),
        "last": sent[-1] if sent else None,
        "daily": daily[-1] if daily else None,
    }
