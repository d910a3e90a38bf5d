"""Templates: one environment, the language and theme of the reader, numbers as people write them."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, get_args
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from console import charts, times, words
from console.guard import console_of, may
from console.navigation import NAVIGATION
from console.security.access import ROLE_NAMES, who_may
from console.security.users import read_users

Language = Literal["zh", "en"]
Theme = Literal["auto", "light", "dark"]
LANGUAGE_COOKIE: Final = "guiyi_language"
THEME_COOKIE: Final = "guiyi_theme"
TEMPLATES: Final = Path(__file__).parent / "templates"


def language_of(request: Request) -> Language:
    """The reader's choice, else the browser's; Chinese when neither says."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in get_args(Language):
        return chosen  # type: ignore[return-value]  # just checked
    wanted = request.headers.get("accept-language", "zh").lower()
    return "en" if wanted.startswith("en") else "zh"


def theme_of(request: Request) -> Theme:
    """The reader's choice; `auto` follows the system."""
    chosen = request.cookies.get(THEME_COOKIE)
    return chosen if chosen in get_args(Theme) else "auto"  # type: ignore[return-value]  # just checked


def translator(language: Language) -> Callable[[str, str], str]:
    """Gives the reader's of two texts."""
    return lambda zh, en: zh if language == "zh" else en


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page or a part of one.

    Every template has: `t(zh, en)` the text in the reader's language, `pick(row, "name")` a row's `name_zh` or
    `name_en`, `lang`, `theme`, `user`, `may(permission)`, `who_may(permission)` the roles that have it, `csrf`,
    `run_id` and `as_of` of the published run (None when there is none), `zone` that times are shown in,
    `navigation`, `path`, `charts`.

    Args:
        request: whose language, theme and rights count.
        template: a file in `templates/`.
        status: of the answer.
        values: what the template shows.
    """
    language = language_of(request)
    session = getattr(request.state, "session", None)
    environment = environment_for(language)
    published = _published(request)
    text = environment.get_template(template).render(
        lang=language,
        theme=theme_of(request),
        user=session.user if session else None,
        can_sign_out=can_sign_out(request),
        csrf=session.csrf if session else "",
        may=lambda permission: may(request, permission),
        path=request.url.path,
        here=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        navigation=NAVIGATION,
        is_part="hx-request" in request.headers and "hx-boosted" not in request.headers,
        **{**published, **values},
    )
    return HTMLResponse(text, status_code=status)


def can_sign_out(request: Request) -> bool:
    """Whether people sign in by password here, and so can sign out."""
    console = console_of(request)
    return console.config.proxy_header is None and bool(read_users(console.home))


def redirect(request: Request, to: str, *, after: str | None = None) -> Response:
    """Sends the browser elsewhere; within the console only."""
    target = local_path(to) + (f"?next={quote(local_path(after))}" if after else "")
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": target})
    return RedirectResponse(target, status_code=303)


def local_path(path: str | None) -> str:
    """The path when it is one of ours, else `/`: nobody is sent to another host by a link of ours."""
    is_ours = path is not None and path.startswith("/") and not path.startswith(("//", "/\\"))
    return path if path and is_ours and "\n" not in path and "\r" not in path else "/"


_ENVIRONMENTS: Final[dict[str, Environment]] = {}


def environment_for(language: Language) -> Environment:
    """The templates with the texts, labels and numbers of a language."""
    if language not in _ENVIRONMENTS:
        _ENVIRONMENTS[language] = _environment(language)
    return _ENVIRONMENTS[language]


def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip

    def pick(row: Mapping[str, Any], name: str) -> Any:
        found = row.get(f"{name}_{language}") or (row.get(name) if language == "en" else None)
        return found if found not in (None, "") else row.get(f"{name}_zh") or row.get(f"{name}_en") or row.get(name)

    environment.globals.update(
        t=translator(language), pick=pick, charts=charts, icon=icon, words=words, role_names=ROLE_NAMES
    )
    environment.globals.update(who_may=lambda permission: translator(language)(*who_may(permission)))
    environment.filters.update(
        n=count, money=lambda value: money(value, language), pct=percent, day=times.day, moment=times.moment,
        plain=plain, stars=stars, ago=times.ago,
    )  # fmt: skip
    return environment


def _published(request: Request) -> dict[str, Any]:
    console = console_of(request)
    if console.home.published() is None:
        return {"run_id": None, "as_of": None, "zone": times.DEFAULT_ZONE}
    manifest = console.warehouse.manifest()
    return {"run_id": manifest["run_id"], "as_of": manifest["as_of"], "zone": ZoneInfo(manifest["time_zone"])}


def count(value: float | None) -> str:
    """A whole number with separators; a dash for what is not known."""
    return "–" if value is None else f"{value:,.0f}"


def money(value: float | None, language: Language = "zh") -> str:
    """Yuan, shortened: 1.2万 and 3.4亿 in Chinese, 12.3k and 4.5m in English."""
    if value is None:
        return "–"
    steps = [(1e8, "亿"), (1e4, "万")] if language == "zh" else [(1e6, "m"), (1e3, "k")]
    for size, word in steps:
        if abs(value) >= size:
            return f"¥{value / size:,.1f}{word}"
    return f"¥{value:,.0f}"


def percent(value: float | None, digits: int = 1) -> str:
    """A share as per cent."""
    return "–" if value is None else f"{value * 100:.{digits}f}%"


def plain(value: object) -> str:
    """Any value as a reader expects it: no tail of digits, a dash for what is not known."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "✓" if value else "✗"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    if isinstance(value, list | tuple):
        return "、".join(plain(one) for one in value)
    return str(value)


def stars(value: str | None) -> str:
    """A masked value with a long run of stars shortened; its length tells nothing worth the room."""
    return re.sub(r"\*{9,}", "*" * 6, value or "")


def icon(name: str) -> Markup:
    """An icon of the sprite in the page; decoration, so hidden from screen readers."""
    return Markup('<svg class="icon" aria-hidden="true"><use href="#i-{}"/></svg>').format(name)
