"""Every request passes here first: who it is, whether it may change anything, and what a page may ask for."""

import datetime as dt
import secrets
from typing import TYPE_CHECKING, Any, Final

from fastapi import Depends, Request

from console.security.access import ROLE_NAMES, Permission, allows, who_may
from console.security.sessions import COOKIE, Session
from console.security.users import User, known_user, read_users

if TYPE_CHECKING:
    from console.app import Console

SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")
LOCAL: Final = "local"
_OPEN_PATHS: Final = ("/sign-in", "/language", "/theme")


class Refused(Exception):
    """A request that is not allowed: the status and one sentence in both languages; `onward` is where to go instead."""

    def __init__(
        self, status: int, zh: str, en: str, *, sign_in: bool = False, onward: tuple[str, str, str] | None = None
    ) -> None:
        self.status, self.zh, self.en, self.sign_in, self.onward = status, zh, en, sign_in, onward
        super().__init__(en)


def console_of(request: Request) -> "Console":
    """The console that a request belongs to."""
    console: Console = request.app.state.console
    return console


def now(request: Request) -> dt.datetime:
    """UTC, by the console's clock."""
    return console_of(request).clock()


async def guard(request: Request) -> None:
    """Dependency of the whole app: finds the session, checks changing requests, sends strangers to sign in.

    Raises:
        Refused: nobody is signed in, or a changing request does not come from our own pages.
    """
    console = console_of(request)
    moment = now(request)
    session = console.sessions.find(request.cookies.get(COOKIE), moment)
    needs_sign_in = bool(read_users(console.home)) or not console.config.is_for_this_machine
    proxied = _proxied(request)
    if session is None or _is_stale(request, session, needs_sign_in, proxied):
        # On this machine alone, whoever sits here is the one who started it.
        local = None if needs_sign_in else User(console.local_user, "admin")
        session = console.sessions.begin(proxied or local, moment)
        request.state.new_session = session
    if session.user is not None and needs_sign_in:
        session = _with_todays_role(request, session)
    request.state.session = session
    if session.user is None and not request.url.path.startswith(_OPEN_PATHS):
        raise Refused(401, "请先登录。", "Sign in first.", sign_in=True)
    if request.method not in SAFE_METHODS:
        await _check_origin(request, session)


def user_of(request: Request) -> User:
    """Who is signed in.

    Raises:
        Refused: nobody is.
    """
    user: User | None = request.state.session.user
    if user is None:
        raise Refused(401, "请先登录。", "Sign in first.", sign_in=True)
    return user


def may(request: Request, permission: Permission) -> bool:
    """Whether who is signed in has a permission."""
    session: Session | None = getattr(request.state, "session", None)
    return session is not None and session.user is not None and allows(session.user.role, permission)


def needs(permission: Permission) -> Any:
    """A dependency that gives the user, who must have this permission; for `Annotated` or a route's `dependencies`."""

    def check(request: Request) -> User:
        user = user_of(request)
        if not allows(user.role, permission):
            (zh, en), (who_zh, who_en) = ROLE_NAMES[user.role], who_may(permission)
            raise Refused(
                403,
                f"您的角色（{zh}）不能进行此操作，需要的角色：{who_zh}。",
                f"Your role ({en}) may not do this; it needs the role {who_en}.",
            )
        return user

    return Depends(check)


def _proxied(request: Request) -> User | None:
    config = console_of(request).config
    caller = request.client.host if request.client else ""
    name = request.headers.get(config.proxy_header or "", "") if config.proxy_header else ""
    return known_user(console_of(request).home, name) if name and caller in config.proxy_addresses else None


def _is_stale(request: Request, session: Session, needs_sign_in: bool, proxied: User | None) -> bool:
    """A session from before users were configured, or of somebody whom the proxy in front does not name now."""
    if console_of(request).config.proxy_header is not None:
        return session.user != proxied
    return session.user is None and not needs_sign_in


def _with_todays_role(request: Request, session: Session) -> Session:
    """The session with the role that the user has now; without a user when there is no such user any more."""
    console = console_of(request)
    assert session.user is not None
    today = known_user(console.home, session.user.name)
    if today == session.user:
        return session
    console.sessions.end(session.token)
    fresh = console.sessions.begin(today, now(request))
    request.state.new_session = fresh
    # The form on the page still carries the old token: who was that user stays able to send it only by loading again.
    return fresh


async def _check_origin(request: Request, session: Session) -> None:
    """A changing request must carry the session's own token and come from our own pages."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Refused(403, "请求来自其他网站，已拒绝。", "This request came from another site and was refused.")
    brought = request.headers.get("x-csrf-token")
    if brought is None:
        form = await request.form()
        value = form.get("csrf")
        brought = value if isinstance(value, str) else ""
    if not secrets.compare_digest(brought.encode(), session.csrf.encode()):
        raise Refused(
            403, "页面已过期，请刷新后重试。", "This page is out of date; load it again and repeat what you did."
        )
