"""Stores and staff: by month, one by one, targets and the forecast."""

import datetime as dt
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from console.data import stores as data
from console.guard import console_of, needs
from console.rendering import render

router: Final = APIRouter(dependencies=[needs("view")])
WINDOWS: Final = (90, 365)
_TEMPLATES: Final = {"store": "stores.html", "staff": "staff.html", "partner": "partners.html"}


@router.get("/stores")
def show_stores(request: Request, month: str = "", window: int = 365) -> Response:
    """The stores of a month, and what of their rates is more than noise."""
    window = window if window in WINDOWS else WINDOWS[-1]
    card = console_of(request).warehouse.once(
        f"scorecard {window}", lambda published: data.scorecard(published.con, window)
    )
    return _of_month(request, "store", month, card=card, window=window, windows=WINDOWS)


@router.get("/stores/staff")
def show_staff(request: Request, month: str = "") -> Response:
    """The staff of a month."""
    return _of_month(request, "staff", month)


@router.get("/stores/partners")
def show_partners(request: Request, month: str = "") -> Response:
    """The partners of a month."""
    return _of_month(request, "partner", month)


@router.get("/stores/targets")
def show_targets(request: Request, month: str = "") -> Response:
    """How far the targets of a month are, and what is expected of those to come."""
    with console_of(request).warehouse.reading() as published:
        months = data.target_months(published.con)
        ahead = data.forecast(published.con)
        chosen = _chosen(months, month, published.calendar.as_of)
        levels = data.targets(published.con, chosen) if chosen else []
    return render(
        request, "targets.html", levels=levels, months=months, month=chosen, ahead=ahead, names=data.LEVELS,
        channels=data.CHANNELS,
        place="targets", bands=[(row["forecast_low_cny"], row["forecast_high_cny"]) for row in ahead["week"]],
    )  # fmt: skip


@router.get("/stores/{kind}/{code}")
def show_one(request: Request, kind: str, code: str) -> Response:
    """One store, employee or partner."""
    if kind not in _TEMPLATES:
        raise HTTPException(404)
    with console_of(request).warehouse.reading() as published:
        found = data.detail(published.con, kind, code)
    if found is None:
        raise HTTPException(404)
    return render(request, "store_one.html", kind=kind, code=code, **found)


def _of_month(request: Request, kind: str, month: str, **more: Any) -> Response:
    with console_of(request).warehouse.reading() as published:
        months = data.months(published.con)
        chosen = _chosen(months, month, published.calendar.as_of)
        listed = data.by_month(published.con, kind, chosen) if chosen else []
    return render(request, _TEMPLATES[kind], listed=listed, months=months, month=chosen, place=kind, **more)


def _chosen(months: list[dt.date], said: str, as_of: dt.date) -> dt.date | None:
    """The month that was asked for, else the newest that has begun."""
    wanted = next((one for one in months if f"{one:%Y-%m}" == said), None)
    begun = [one for one in months if one <= as_of]
    return wanted or next(iter(begun or months), None)
