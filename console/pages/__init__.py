"""Pages: one router each. A page checks the permission, asks `console.data`, and renders a template."""

from typing import Final

from fastapi import APIRouter

from console.pages import account, audit, today

ROUTERS: Final[tuple[APIRouter, ...]] = (account.router, today.router, audit.router)
