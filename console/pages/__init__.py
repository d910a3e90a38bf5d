"""Pages: one router each. A page checks the permission, asks `console.data`, and renders a template."""

from typing import Final

from fastapi import APIRouter

from console.pages import account, audit, people, person, review, today

ROUTERS: Final[tuple[APIRouter, ...]] = (
    account.router,
    today.router,
    people.router,
    person.router,
    review.router,
    audit.router,
)
