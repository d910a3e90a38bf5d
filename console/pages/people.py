"""Finding people, and some of them for who does not know whom to look for."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response

from console.data import people
from console.guard import console_of, needs, now
from console.rendering import redirect, render
from console.security.users import User
from warehouse import audit

router: Final = APIRouter()


@router.get("/people", dependencies=[needs("view")])
def show(request: Request, by: people.Order = "value") -> Response:
    """The search box, and people of most value or those who did something last."""
    console = console_of(request)
    shown = console.warehouse.once(f"people/{by}", lambda published: people.listed(published, by))
    return render(request, "people.html", people=shown, by=by, found=None)


@router.post("/people")
def find(request: Request, user: Annotated[User, needs("view")], sought: Annotated[str, Form()] = "") -> Response:
    """Everybody whom what was typed names exactly; what was typed is kept nowhere, not even in the address."""
    console = console_of(request)
    with console.warehouse.reading() as published:
        found, shown = people.find(published, sought)
    kinds = sorted({kind for match in found.matches for kind in match.kinds})
    audit.record(
        console.home.path, "find_person", who=user.name, at=now(request), by=kinds, n_people=found.n_people
    )  # fmt: skip
    if found.n_people == 1:
        only = found.matches[0]
        # An id that was merged is shown as such by the person's page.
        asked = sought.strip().upper() if "alias" in only.kinds else only.one_id
        return redirect(request, f"/people/{asked}")
    return render(request, "people.html", people=shown, by="", found=found)
