"""Data health: sources, refused rows, checks, identity quality, balances, runs."""

from typing import Final

from fastapi import APIRouter, Request, Response

from console.data.health import checks, health
from console.guard import console_of, needs
from console.rendering import render

router: Final = APIRouter()


@router.get("/health", dependencies=[needs("view")])
def show(request: Request) -> Response:
    """How far the data can be trusted, and what to mend."""
    console = console_of(request)
    as_of = console.warehouse.manifest()["as_of"]
    found = console.warehouse.once("page: health", lambda published: health(published.con, published.run_id, as_of))
    return render(request, "health.html", **found)


@router.get("/health/checks", dependencies=[needs("view")])
def show_checks(request: Request, q: str = "") -> Response:
    """Every check of the run, searched as one types."""
    with console_of(request).warehouse.reading() as published:
        found = checks(published.con, q)
    return render(request, "health_checks.html", found=found, q=q)
