"""One person's page and its parts, and showing personal values to who gives a reason."""

import os
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request, Response

from common.keys import load_key
from common.masks import mask
from console import pictures
from console.data import people, person, timeline
from console.data.audiences import names
from console.guard import console_of, needs, now
from console.rendering import language_of, redirect, render, translator
from console.security.users import User
from identity.showing.explain import bridges_that_matter, explain_person
from identity.showing.finding import Held, identifiers_of
from identity.showing.following import Followed, follow
from identity.showing.graphs import summarised
from segments.api import Published
from warehouse import audit

router: Final = APIRouter(prefix="/people")
# More bubbles than these are not told apart.
MOST_BUBBLES: Final = 24
LEAST_REASON: Final = 4


@router.get("/{one_id}", dependencies=[needs("view")])
def show(request: Request, one_id: str) -> Response:
    """What is known of a person, personal values masked."""
    return _page(request, one_id)


@router.post("/{one_id}/unmask")
def unmask(
    request: Request, one_id: str, user: Annotated[User, needs("unmask")], reason: Annotated[str, Form()] = ""
) -> Response:
    """The person's page with personal values in the clear, this once; who asked and why is in the audit first."""
    if len(reason.strip()) < LEAST_REASON:
        return _page(request, one_id, problem=("请填写查看明文的理由。", "Say why you need to see it."), status=422)
    console = console_of(request)
    with console.warehouse.reading() as published:
        followed = follow(published.con, one_id)
    if followed.one_id is not None:
        audit.record(
            console.home.path, "unmask", who=user.name, at=now(request), one_id=followed.one_id, reason=reason.strip()
        )
    return _page(request, one_id, is_clear=True)


def _page(
    request: Request, one_id: str, *, is_clear: bool = False, problem: tuple[str, str] | None = None, status: int = 200
) -> Response:
    with console_of(request).warehouse.reading() as published:
        followed = follow(published.con, one_id)
        if followed.one_id is None:
            return _nobody(request, followed)
        found = person.person(published, followed.one_id)
        golden = person.golden(published, followed.one_id, found["profile"], is_clear=is_clear)
        held = _identifiers(published, followed.one_id, is_clear=True) if is_clear else None
    t = translator(language_of(request))
    return render(
        request,
        "person.html",
        status=status,
        one_id=followed.one_id,
        followed=followed,
        golden=golden,
        identifiers=held,
        is_clear=is_clear,
        problem=problem,
        strip=pictures.stage_strip(found["stages"], t),
        kinds=timeline.KINDS,
        names=names(console_of(request).warehouse),
        **found,
    )


@router.get("/{one_id}/identifiers", dependencies=[needs("view")])
def show_identifiers(request: Request, one_id: str) -> Response:
    """The identifiers on a person's records, masked."""
    with console_of(request).warehouse.reading() as published:
        held = _identifiers(published, one_id, is_clear=False)
    return render(request, "person_identifiers.html", one_id=one_id, identifiers=held, is_clear=False)


@router.get("/{one_id}/golden/{field}", dependencies=[needs("view")])
def show_candidates(request: Request, one_id: str, field: str) -> Response:
    """What a field might have been, and by what the others lost."""
    with console_of(request).warehouse.reading() as published:
        found = person.candidates(published, one_id, field, _key(request))
    return render(request, "person_candidates.html", one_id=one_id, field=field, candidates=found)


@router.get("/{one_id}/timeline", dependencies=[needs("view")])
def show_timeline(request: Request, one_id: str, kind: str = "", page: int = 1) -> Response:
    """Days of a person on which something happened, newest first."""
    with console_of(request).warehouse.reading() as published:
        found = timeline.timeline(published, one_id, kind, page)
    return render(
        request,
        "person_timeline.html",
        one_id=one_id,
        days=found.days,
        has_more=found.has_more,
        kind=kind,
        page=max(page, 1),
        counts=found.counts,
        kinds=timeline.KINDS,
        names=names(console_of(request).warehouse),
    )


@router.get("/{one_id}/tags", dependencies=[needs("view")])
def show_tags(request: Request, one_id: str) -> Response:
    """The history of a person's tags."""
    with console_of(request).warehouse.reading() as published:
        found = person.tag_history(published, one_id)
    known = names(console_of(request).warehouse)
    return render(request, "person_tags.html", one_id=one_id, history=found, names=known)


@router.get("/{one_id}/consent", dependencies=[needs("view")])
def show_consent(request: Request, one_id: str) -> Response:
    """Every statement about a person's consent."""
    with console_of(request).warehouse.reading() as published:
        found = person.consent_evidence(published, one_id)
    return render(request, "person_consent.html", one_id=one_id, evidence=found)


@router.get("/{one_id}/why", dependencies=[needs("view")])
def show_why(request: Request, one_id: str) -> Response:
    """Why a person's records are one person: a graph, and the same as a list."""
    t = translator(language_of(request))
    with console_of(request).warehouse.reading() as published:
        followed = follow(published.con, one_id)
        if followed.one_id is None:
            return _nobody(request, followed)
        steps = explain_person(published.con, followed.one_id)
    bubbles, bundles = summarised(steps, MOST_BUBBLES)
    told = [_told(bundle.steps) for bundle in bundles]
    return render(
        request,
        "person_why.html",
        one_id=one_id,
        graph=pictures.person_graph(bubbles, bundles, t) if bubbles else "",
        names=[pictures.bubble_name(bubble, t) for bubble in bubbles],
        edges=list(zip(bundles, told, strict=True)),
        n_records=sum(bubble.count for bubble in bubbles),
        n_edges=len(steps),
        bridges=[
            {
                "ends": [pictures.end_name(end, t) for end in (step.a, step.b)],
                "is_weak": pictures.edge_class([step]) == "weak",
                "step": step,
            }
            for step in bridges_that_matter(steps)[:3]
        ],
        is_summed=any(bubble.count > 1 for bubble in bubbles),
    )


def _told(steps: Any) -> dict[str, Any]:
    """What the edges of a bundle say, each thing once with how often."""
    said: dict[tuple[str, str], int] = {}
    for step in steps:
        said[step.words_zh, step.words] = said.get((step.words_zh, step.words), 0) + 1
    weights = [step.match_weight for step in steps if step.match_weight is not None]
    return {
        "said": sorted(said.items(), key=lambda item: -item[1])[:6],
        "n": len(steps),
        "kind": pictures.edge_class(steps),
        "weight": max(weights) if weights and len(weights) == len(steps) else None,
        "n_cut_off": max((step.n_cut_off for step in steps if step.is_bridge), default=0),
    }


def _identifiers(published: Published, one_id: str, *, is_clear: bool) -> list[dict[str, Any]]:
    key = load_key(published.home.vault, configured=os.environ.get("GUIYI_KEY"))
    held = identifiers_of(published.con, people.vault(published), one_id, key)
    return [_shown(one, is_clear=is_clear) for one in held]


def _shown(held: Held, *, is_clear: bool) -> dict[str, Any]:
    return vars(held) | {"value": held.value if is_clear else mask(held.value), "is_shared": held.is_shared}


def _key(request: Request) -> bytes:
    return load_key(console_of(request).home.vault, configured=os.environ.get("GUIYI_KEY"))


def _nobody(request: Request, followed: Followed) -> Response:
    if "hx-request" in request.headers:
        return redirect(request, f"/people/{followed.asked}")
    return render(request, "person_nobody.html", status=404, followed=followed)
