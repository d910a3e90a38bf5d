"""The builder: an audience put together in a form, counted as it changes, saved after its diff was shown."""

import datetime as dt
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response

from console.audiences import operators
from console.audiences.drafts import Drafts, Kept
from console.audiences.editing import edit
from console.audiences.judging import Judged, checked, judge, place
from console.audiences.sentences import both, joined
from console.audiences.sheet import Form, Sheet, draft_of, fresh_sheet, read_sheet, sheet_of
from console.data import audiences as data
from console.guard import Refused, console_of, needs, now, user_of
from console.pages.audiences import find, show_people
from console.rendering import redirect, render
from segments.api import (
    CHANNELS,
    RuleFault,
    delete_audience,
    plan_saving,
    reach_by_channel,
    save_audience,
    search_values,
)

router: Final = APIRouter(dependencies=[needs("edit_audiences")])
MOST_FIELDS: Final = 5_000
PEOPLE: Final = 20
MOST_VALUES: Final = 400


async def form_of(request: Request) -> Form:
    """The fields of a posted form, in the order of the page."""
    form = await request.form(max_fields=MOST_FIELDS)
    return [(name, value) for name, value in form.multi_items() if isinstance(value, str)]


Posted = Annotated[Form, Depends(form_of)]


@router.get("/audiences/-/new")
def begin(request: Request, copy: str = "", edit: str = "", empty: str = "") -> Response:
    """Where to begin: with nothing, or with an audience that is there."""
    console = console_of(request)
    words = data.vocabulary(console.warehouse)
    who = user_of(request).name
    shelf = data.shelf(console.home)
    if empty:
        draft = Kept(who, fresh_sheet(words, owner=who))
        draft.sheet.texts["name"] = _free_name(shelf.audiences, "audience")
    elif copy or edit:
        audience = find(request, copy or edit)
        draft = Kept(who, sheet_of(audience.raw, words), base=audience.name)
        if copy:
            draft.sheet.texts["name"] = _free_name(shelf.audiences, audience.name)
            for language, tail in (("zh", "（副本）"), ("en", " (copy)")):
                draft.sheet.texts[f"label_{language}"] += tail
        else:
            draft.replaces = audience.sha256 if audience.origin == "own" else None
            draft.is_new = False
    else:
        return render(request, "audience_new.html", audiences=list(shelf.audiences.values()))
    return redirect(request, f"/audiences/-/draft/{_drafts(request).begin(draft)}")


@router.get("/audiences/-/draft/{draft_id}")
def show(request: Request, draft_id: str) -> Response:
    """The builder, as it was when it was last changed."""
    draft = _kept(request, draft_id)
    return _page(request, draft_id, draft, picking="n0" if not draft.sheet.root.children else "")


@router.post("/audiences/-/draft/{draft_id}")
def change(request: Request, draft_id: str, form: Posted) -> Response:
    """Adds, removes, moves; the form is drawn again."""
    draft = _posted(request, draft_id, form)
    actions = [value for name, value in form if name == "do"]
    words = data.vocabulary(console_of(request).warehouse)
    edited = edit(draft.sheet, actions[-1] if actions else "", words)
    _drafts(request).keep(draft_id, draft)
    response = _page(request, draft_id, draft, picking=edited.picking, fresh=edited.fresh)
    response.headers["HX-Trigger-After-Settle"] = "counted"
    return response


@router.post("/audiences/-/draft/{draft_id}/count")
def count(request: Request, draft_id: str, form: Posted) -> Response:
    """Sizes, SQL, and the faults at their places."""
    draft = _posted(request, draft_id, form)
    judged, words = _judged(request, draft.sheet)
    marks = _marks(judged)
    return render(
        request, "parts/build_figures.html", told_notes=both, judged=judged, marks=marks,
        draft_id=draft_id, sheet=draft.sheet,
        places=[*(node.id for node in draft.sheet.root.walk()), *_fields(draft.sheet)], words=words,
    )  # fmt: skip


@router.post("/audiences/-/draft/{draft_id}/channels")
def channels(request: Request, draft_id: str, form: Posted) -> Response:
    """How many people of the draft each channel reaches."""
    sheet = _posted(request, draft_id, form).sheet
    warehouse = console_of(request).warehouse
    words = data.vocabulary(warehouse)
    with warehouse.reading() as published:
        audience = checked(published, sheet, words)
        found = reach_by_channel(published, audience) if audience else {}
    return render(request, "parts/build_channels.html", channels=found, own=sheet.text("channel"))


@router.post("/audiences/-/draft/{draft_id}/people")
def people(request: Request, draft_id: str, form: Posted) -> Response:
    """Twenty masked people of the draft."""
    judged, _ = _judged(request, _posted(request, draft_id, form).sheet, people=PEOPLE)
    if judged.seen is None or judged.audience is None:
        return render(request, "parts/build_no_people.html")
    return show_people(request, judged.seen.people, judged.audience)


@router.post("/audiences/-/draft/{draft_id}/check")
def check(request: Request, draft_id: str, form: Posted) -> Response:
    """On to what saving changes; or the form again with what is in the way."""
    draft = _posted(request, draft_id, form)
    judged, _ = _judged(request, draft.sheet)
    if judged.seen is not None and judged.draft.is_complete:
        try:
            plan_saving(console_of(request).home.path, judged.draft.raw)
            return redirect(request, f"/audiences/-/draft/{draft_id}/check")
        except RuleFault as error:
            judged.faults[place(error.location, judged.draft, draft.sheet)] = (error.problem, error.remedy)
    return _page(request, draft_id, draft, judged=judged, picking="")


@router.get("/audiences/-/draft/{draft_id}/check")
def show_changes(request: Request, draft_id: str) -> Response:
    """What saving changes in the file."""
    draft = _kept(request, draft_id)
    judged, _ = _judged(request, draft.sheet)
    if judged.seen is None or not judged.draft.is_complete:
        return _page(request, draft_id, draft, judged=judged, picking="")
    planned = plan_saving(console_of(request).home.path, judged.draft.raw)
    other = data.shelf(console_of(request).home).audiences.get(planned.audience.name)
    return render(
        request, "audience_check.html", planned=planned, draft_id=draft_id, seen=judged.seen,
        replaced=other if planned.audience.name != draft.base else None, definition=planned.audience.definition,
        lines=[(_side(line), line) for line in planned.diff.splitlines()[2:]],
    )  # fmt: skip


@router.post("/audiences/-/draft/{draft_id}/save")
def save(request: Request, draft_id: str) -> Response:
    """Saves the draft; what somebody else saved meanwhile is not written over."""
    draft = _kept(request, draft_id)
    console = console_of(request)
    made = draft_of(draft.sheet, data.vocabulary(console.warehouse))
    if not made.is_complete:
        return _page(request, draft_id, draft, judged=_judged(request, draft.sheet)[0], picking="")
    replacing = draft.replaces if made.raw["name"] == draft.base else None
    saved = save_audience(console.home.path, made.raw, who=user_of(request).name, at=now(request), replacing=replacing)
    draft.base, draft.replaces, draft.is_new = saved.audience.name, saved.audience.sha256, False
    return redirect(request, f"/audiences/{saved.audience.name}")


@router.get("/audiences/-/values")
def values(request: Request, column: str) -> Response:
    """The commonest values of a column that has many, to choose from while typing."""
    with console_of(request).warehouse.reading() as published:
        found = search_values(published, column, "", limit=MOST_VALUES)
    return render(request, "parts/build_values.html", values=found)


@router.post("/audiences/{name}/delete")
def delete(request: Request, name: str, form: Posted) -> Response:
    """Deletes an own audience, once it was said that this is meant."""
    if ("sure", "1") not in form:
        raise Refused(422, "请先勾选“确认删除”。", "Tick the box that you mean it first.")
    delete_audience(console_of(request).home.path, name, who=user_of(request).name, at=now(request))
    return redirect(request, "/audiences")


def _drafts(request: Request) -> Drafts:
    return console_of(request).drafts


def _kept(request: Request, draft_id: str) -> Kept:
    """The draft of that id.

    Raises:
        Refused: it was forgotten, or is somebody else's.
    """
    draft = _drafts(request).find(draft_id, user_of(request).name)
    if draft is None:
        raise Refused(404, "这个草稿已不在了，请重新新建。", "This draft is no longer here; begin a new one.")
    return draft


def _side(line: str) -> str:
    return {"+": "added", "-": "removed", "@": "place"}.get(line[:1], "same")


def _posted(request: Request, draft_id: str, form: Form) -> Kept:
    """The draft with the form as it was posted; a draft that was forgotten is known again."""
    who = user_of(request).name
    known = _drafts(request).find(draft_id, who)
    texts = dict(form)
    draft = Kept(
        who,
        read_sheet(form),
        base=known.base if known else texts.get("m.base", ""),
        replaces=known.replaces if known else texts.get("m.replaces") or None,
        is_new=known.is_new if known else texts.get("m.is_new", "1") == "1",
    )
    _drafts(request).keep(draft_id, draft)
    return draft


def _judged(request: Request, sheet: Sheet, *, people: int = 0) -> tuple[Judged, Any]:
    warehouse = console_of(request).warehouse
    words = data.vocabulary(warehouse)
    with warehouse.reading() as published:
        return judge(published, sheet, words, people=people), words


def _marks(judged: Judged) -> dict[str, tuple[str, str, str]]:
    """By place: kind (`gap` or `fault`), Chinese and English."""
    gaps = {**judged.draft.built.gaps, **judged.draft.gaps}
    marks = {key: ("gap", zh, en) for key, (zh, en) in gaps.items()}
    for key, (problem, remedy) in judged.faults.items():
        marks[key] = ("fault", *joined(problem, remedy))
    return marks


def _fields(sheet: Sheet) -> list[str]:
    own = ["all", "name", "label_zh", "description_zh", "owner", "channel", "limit", "columns", "order"]
    return own + [f"p{place}" for place in range(len(sheet.parameters))]


def _page(
    request: Request, draft_id: str, draft: Kept, *, picking: str, judged: Judged | None = None, fresh: str = ""
) -> Response:
    console = console_of(request)
    words = data.vocabulary(console.warehouse)
    shelf = data.shelf(console.home)
    marks = {} if judged is None else _marks(judged)
    template = "parts/build_sheet.html" if "hx-request" in request.headers else "audience_build.html"
    return render(
        request, template, draft_id=draft_id, draft=draft, sheet=draft.sheet, words=words, picking=picking, marks=marks,
        fresh=fresh, is_blocked=judged is not None, operators=operators,
        kinds=operators.KINDS, kind_hints=operators.HINTS, channels=CHANNELS,
        audiences=shelf.audiences, parameters=[row for row in draft.sheet.parameters if row.name],
        today=dt.date.fromisoformat(console.warehouse.manifest()["as_of"]),
        lists=sorted(path.stem for path in console.home.lists.glob("*.csv")) if console.home.lists.exists() else [],
    )  # fmt: skip


def _free_name(taken: Any, base: str) -> str:
    number = 2
    while f"{base}_{number}" in taken:
        number += 1
    return f"{base}_{number}"
