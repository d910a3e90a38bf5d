"""Makes the app: security around, pages inside, errors as pages that say what to do."""

import datetime as dt
import getpass
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from common.errors import GuiyiError
from console.audiences.drafts import Drafts
from console.audiences.sentences import told
from console.config import ConsoleConfig
from console.database import Warehouse
from console.guard import Refused, guard
from console.pages import ROUTERS
from console.rendering import language_of, redirect, render
from console.security.headers import add_headers
from console.security.limits import SignInLimit
from console.security.sessions import COOKIE, Sessions
from warehouse.home import Home

STATIC: Final = Path(__file__).parent / "static"


@dataclass(frozen=True)
class Console:
    """What a running console has.

    Attributes:
        clock: gives UTC without a zone; an argument, as everywhere.
        local_user: what audits call who uses an unguarded console on this machine.
    """

    home: Home
    config: ConsoleConfig
    clock: Callable[[], dt.datetime]
    local_user: str
    warehouse: Warehouse
    sessions: Sessions = field(default_factory=Sessions)
    sign_in_limit: SignInLimit = field(default_factory=SignInLimit)
    drafts: Drafts = field(default_factory=Drafts)


def utc_now() -> dt.datetime:
    """UTC without a zone, as the whole product keeps it."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def create_app(
    home: Home, config: ConsoleConfig | None = None, *, clock: Callable[[], dt.datetime] = utc_now
) -> FastAPI:
    """The console of a home as an ASGI app.

    Args:
        home: where what is published lies; it may be empty still.
        config: how it is served; see `ConsoleConfig`.
        clock: gives UTC without a zone.
    """
    config = config or ConsoleConfig()
    app = FastAPI(title="归一 Guiyi", docs_url=None, redoc_url=None, openapi_url=None, dependencies=[Depends(guard)])
    app.state.console = Console(home, config, clock, _local_user(), Warehouse(home))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    for router in ROUTERS:
        app.include_router(router)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(GuiyiError, _failed)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _wrong_input)
    app.add_exception_handler(Exception, _broken)
    app.middleware("http")(_keep_session)
    app.middleware("http")(add_headers)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(config.allowed_names), www_redirect=False)
    return app


async def _keep_session(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await call_next(request)
    session = getattr(request.state, "new_session", None)
    if session is not None:
        secure = request.app.state.console.config.is_https
        response.set_cookie(COOKIE, session.token, httponly=True, samesite="strict", secure=secure, path="/")
    return response


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    if error.sign_in and request.method == "GET" and "hx-request" not in request.headers:
        return redirect(request, "/sign-in", after=str(request.url.path))
    response = render(request, "error.html", status=error.status, zh=error.zh, en=error.en, onward=error.onward)
    if error.sign_in:
        response.headers["HX-Redirect"] = "/sign-in"
    return response


def _failed(request: Request, error: Exception) -> Response:
    """An error that says what to do is shown as it is; it never holds personal data."""
    assert isinstance(error, GuiyiError)
    zh, en = told(error)
    detail = zh if language_of(request) == "zh" else en
    return render(request, "error.html", status=409, zh="操作未完成。", en="This could not be done.", detail=detail)


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return render(request, "error.html", status=404, zh="没有这个页面。", en="There is no such page.")
    return render(
        request, "error.html", status=error.status_code, zh="请求无法处理。", en="This request cannot be handled."
    )


def _wrong_input(request: Request, error: Exception) -> Response:
    """A form or address that says something impossible; what was typed is not told again."""
    assert isinstance(error, RequestValidationError)
    names = ", ".join(sorted({str(one["loc"][-1]) for one in error.errors()}))
    zh, en = f"请检查填写的内容：{names}。", f"Check what was filled in: {names}."
    return render(request, "error.html", status=422, zh=zh, en=en)


def _broken(request: Request, error: Exception) -> Response:
    """A fault of ours: the page says so, the log has the place in the code."""
    zh, en = "控制台出错了，请把时间告诉数据工程师。", "The console failed; tell the data engineer when."
    return render(
        request, "error.html", status=500, zh=zh, en=en, detail=f"{type(error).__name__} {utc_now():%H:%M:%S} UTC"
    )


def _local_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a process without a name
        return "local"
