"""The first page."""

from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request, Response

from console.data.today import LEAVING, WITH_US, today
from console.guard import console_of, needs
from console.rendering import render

if TYPE_CHECKING:
    from console.app import Console

router: Final = APIRouter()


@router.get("/", dependencies=[needs("view")])
def show(request: Request) -> Response:
    """The last run, the customer base, value, alerts; what to do first where nothing is published."""
    console = console_of(request)
    if console.home.published() is None:
        return render(request, "welcome.html", home=str(console.home.path))
    return render(request, "today.html", with_us=WITH_US, leaving=LEAVING, **_found(console))


def make_ready(console: "Console") -> None:
    """Works out the first page before anybody asks for it, where a run is published."""
    if console.home.published() is not None:
        _found(console)


def _found(console: "Console") -> dict[str, Any]:
    manifest = console.warehouse.manifest()
    return console.warehouse.once("page: today", lambda published: today(published.con, published.run_id, manifest))
