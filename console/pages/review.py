"""The review queue: questions, one question with its evidence, answers, and taking answers back."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Request, Response

from console.data import review
from console.guard import console_of, needs, now
from console.pictures import span
from console.rendering import redirect, render
from console.security.users import User
from identity.keeping.review import Decision, write_decisions
from identity.showing.queue import QUESTIONS, answer_of, decision_of, withdrawal_of
from warehouse import audit

router: Final = APIRouter(prefix="/review")
SHOWN: Final = 50
ANSWERS: Final = {
    "same": ("是同一人", "Same person"), "different": ("不是同一人", "Different people"),
    "not_sure": ("不确定", "Not sure"),
}  # fmt: skip


@router.get("", dependencies=[needs("view")])
def show(request: Request) -> Response:
    """The open questions, most valuable first."""
    queue = review.queue(console_of(request).home)
    open_items = queue.open()
    return render(
        request,
        "review.html",
        items=open_items.head(SHOWN).to_dicts(),
        n_open=len(open_items),
        n_held=len(open_items.filter("holds_export")),
        n_answered=len(queue.answered),
        questions=QUESTIONS,
    )


@router.get("/decisions", dependencies=[needs("view")])
def show_decisions(request: Request) -> Response:
    """The answers that stand, newest first."""
    console = console_of(request)
    queue = review.queue(console.home)
    with console.warehouse.reading() as published:
        shown = review.answers(published, queue)
    return render(request, "review_decisions.html", decisions=shown, answers=ANSWERS, n_open=len(queue.open()))


@router.get("/{item_id}", dependencies=[needs("view")])
def show_question(request: Request, item_id: str) -> Response:
    """One question: both sides, the evidence, buttons."""
    return _question(request, item_id)


@router.post("/{item_id}")
def decide(
    request: Request,
    item_id: str,
    user: Annotated[User, needs("review")],
    answer: Annotated[str, Form()],
    note: Annotated[str, Form()] = "",
) -> Response:
    """Keeps the answer and goes on to the next open question."""
    console = console_of(request)
    queue = review.queue(console.home)
    item = queue.item(item_id)
    following = review.beside(queue, item["item_id"])[1]
    _keep(request, decision_of(item, answer_of(answer), user.name, now(request), note))
    if following is None:
        return redirect(request, "/review")
    return redirect(request, f"/review/{following}?after={item['item_id']}")


@router.post("/{item_id}/withdraw")
def withdraw(request: Request, item_id: str, user: Annotated[User, needs("review")]) -> Response:
    """Takes an answer back: the question is open again."""
    queue = review.queue(console_of(request).home)
    decision = withdrawal_of(queue, item_id, user.name, now(request))
    _keep(request, decision)
    is_asked = decision.item_id in queue.items["item_id"].to_list()
    return redirect(request, f"/review/{decision.item_id}" if is_asked else "/review/decisions")


def _keep(request: Request, decision: Decision) -> None:
    home = console_of(request).home
    # The note may say anything: it stays beside the answer and is not in the audit.
    audit.record(
        home.path,
        "decide",
        who=decision.who,
        at=now(request),
        item=decision.item_id,
        answer=decision.decision,
        has_note=bool(decision.note),
    )
    write_decisions(home.identity, [decision])


def _question(request: Request, item_id: str) -> Response:
    console = console_of(request)
    queue = review.queue(console.home)
    item = queue.item(item_id)
    before, following = review.beside(queue, item["item_id"])
    after = request.query_params.get("after", "").upper()
    found: dict[str, Any] = {"facts": None, "parts": [], "one_ids": ("", ""), "n_records": (0, 0)}
    if "one_id_a" in item:
        with console.warehouse.reading() as published:
            found = review.question(published, queue, item)
    return render(
        request,
        "review_question.html",
        item=item,
        answered=queue.answered.get(item["item_id"]),
        last=queue.answered.get(after),
        before=before,
        next_item=following,
        n_open=len(queue.open()),
        questions=QUESTIONS,
        answers=ANSWERS,
        span=span,
        **found,
    )
