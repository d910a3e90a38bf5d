"""The first page."""

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from console.data.today import LEAVING, WITH_US, today
from console.database import Warehouse
from console.guard import console_of, needs
from console.rendering import render

router: Final = APIRouter()


@router.get("/", dependencies=[needs("view")])
def show(request: Request) -> Response:
    """The last run, the customer base, value, alerts; what to do first where nothing is published."""
    console = console_of(request)
    if console.home.published() is None:
        return render(request, "welcome.html", home=str(console.home.path))
    return render(request, "today.html", with_us=WITH_US, leaving=LEAVING, **_found(console.warehouse))


def make_ready(warehouse: Warehouse) -> None:
    """Works out the first page before anybody asks for it, where a run is published."""
    if warehouse.home.published() is not None:
        _found(warehouse)


def _found(warehouse: Warehouse) -> dict[str, Any]:
    manifest = warehouse.manifest()
    return warehouse.once("page: today", lambda published: today(published.con, published.run_id, manifest))
