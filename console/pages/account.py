"""Signing in and out, and how a reader wants to see the pages."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.concurrency import run_in_threadpool

from console.guard import console_of, now
from console.rendering import LANGUAGE_COOKIE, THEME_COOKIE, local_path, redirect, render
from console.security.limits import keys_of
from console.security.users import check_password
from warehouse import audit

router: Final = APIRouter()
_YEAR: Final = 365 * 86_400
_OF_NAME: Final = ("输错次数过多", "Too many wrong passwords for this name")
_OF_ADDRESS: Final = ("此网络地址输错次数过多", "Too many wrong passwords from this network address")


@router.get("/sign-in")
def sign_in_page(request: Request, next: str = "/") -> Response:
    """The form; whoever is signed in already goes on."""
    if request.state.session.user is not None:
        return redirect(request, next)
    return render(request, "sign_in.html", next=local_path(next), problem=None, name="")


@router.post("/sign-in")
async def sign_in(
    request: Request, name: Annotated[str, Form()], password: Annotated[str, Form()], next: Annotated[str, Form()] = "/"
) -> Response:
    """Signs in; five failures in five minutes, of a name at an address, close the door to it there for a while."""
    console = console_of(request)
    moment = now(request)
    keys = keys_of(name, request.client.host if request.client else "")
    wait = console.sign_in_limit.begin(keys, moment)
    if wait.seconds:
        said = _OF_ADDRESS if wait.is_of_address else _OF_NAME
        return _again(request, name, next, said, status=429, wait=wait.seconds)
    user = await run_in_threadpool(check_password, console.home, name, password)
    # Only the names of known users go to the audit: a password typed into the wrong field is not kept.
    who = user.name if user else "–"
    audit.record(console.home.path, "sign_in", who=who, at=moment, is_successful=user is not None)
    if user is None:
        return _again(request, name, next, ("用户名或密码不正确。", "The name or the password is wrong."), status=401)
    console.sign_in_limit.succeeded(keys)
    console.sessions.end(request.state.session.token)
    request.state.new_session = console.sessions.begin(user, moment)
    return redirect(request, next)


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    """Signs out."""
    console = console_of(request)
    console.sessions.end(request.state.session.token)
    request.state.new_session = console.sessions.begin(None, now(request))
    return redirect(request, "/sign-in")


@router.post("/language")
def choose_language(request: Request, language: Annotated[str, Form()], next: Annotated[str, Form()] = "/") -> Response:
    """Keeps the language."""
    response = redirect(request, next)
    if language in ("zh", "en"):
        response.set_cookie(LANGUAGE_COOKIE, language, max_age=_YEAR, samesite="strict", httponly=True)
    return response


@router.post("/theme")
def choose_theme(request: Request, theme: Annotated[str, Form()], next: Annotated[str, Form()] = "/") -> Response:
    """Keeps the theme."""
    response = redirect(request, next)
    if theme in ("auto", "light", "dark"):
        response.set_cookie(THEME_COOKIE, theme, max_age=_YEAR, samesite="strict", httponly=True)
    return response


def _again(request: Request, name: str, next: str, problem: tuple[str, str], *, status: int, wait: int = 0) -> Response:
    zh, en = problem
    if wait:
        zh, en = f"{zh}，请 {wait} 秒后再试。", f"{en}; try again in {wait} seconds."
    response = render(request, "sign_in.html", status=status, next=local_path(next), problem=(zh, en), name=name)
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response
