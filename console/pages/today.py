"""The first page."""

from typing import Final

from fastapi import APIRouter, Request, Response

from console.data.today import LEAVING, WITH_US, today
from console.guard import console_of, needs
from console.rendering import render

router: Final = APIRouter()


@router.get("/", dependencies=[needs("view")])
def show(request: Request) -> Response:
    """The last run, the customer base, value, alerts; what to do first where nothing is published."""
    console = console_of(request)
    if console.home.published() is None:
        return render(request, "welcome.html", home=str(console.home.path))
    manifest = console.warehouse.manifest()
    found = console.warehouse.once("today", lambda published: today(published.con, published.run_id, manifest))
    return render(request, "today.html", with_us=WITH_US, leaving=LEAVING, **found)
