"""Pages: one router each. A page checks the permission, asks `console.data`, and renders a template."""

from typing import Final

from fastapi import APIRouter

from console.pages import (
    account,
    audience_builder,
    audience_export,
    audiences,
    audit,
    campaigns,
    dictionary,
    health,
    people,
    person,
    review,
    stores,
)
from console.pages import today as first_page

ROUTERS: Final[tuple[APIRouter, ...]] = (
    account.router,
    first_page.router,
    audience_builder.router,
    audience_export.router,
    audiences.router,
    people.router,
    person.router,
    review.router,
    campaigns.router,
    stores.router,
    health.router,
    dictionary.router,
    audit.router,
)
