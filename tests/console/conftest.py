"""A console on the small world, and a real browser that notes everything a page should not do."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from console_world import serving
from playwright.sync_api import Browser, Page, sync_playwright

from warehouse.home import Home

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="session")
def console(home: Home) -> Iterator[str]:
    """The address of a console on the small world; for reading only."""
    with serving(home) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = os.environ.get("GUIYI_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium: install Debian's `chromium`, or name one in GUIYI_CHROMIUM")
    with sync_playwright() as driver:
        yield driver.chromium.launch(executable_path=chromium, args=ARGUMENTS)


@dataclass
class Watched:
    """A browser's page, with what it should not have done."""

    page: Page
    console: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def serious_faults(self) -> list[str]:
        """What axe-core finds serious or critical about the page as it is."""
        found = Axe().run(self.page).response["violations"]
        return [
            f"{one['id']}: {node['html'][:120]}"
            for one in found
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]

    def is_wider_than_the_screen(self) -> bool:
        """Whether the page must be scrolled sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.fixture
def watch(browser: Browser) -> Iterator[Callable[..., Watched]]:
    """Opens pages (`width`, `language`, `dark`); in the end no page may have erred or asked another host."""
    opened: list[Watched] = []

    def look(address: str, *, width: int = 1440, language: str = "zh", dark: bool = False) -> Watched:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            locale="zh-CN" if language == "zh" else "en-US",
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
        )
        one = Watched(context.new_page())
        host = "/".join(address.split("/")[:3])
        one.page.on("console", lambda said: one.console.append(said.text) if said.type == "error" else None)
        one.page.on("pageerror", lambda error: one.console.append(str(error)))
        one.page.on(
            "request",
            lambda asked: None if asked.url.startswith((host, "data:", "blob:")) else one.foreign.append(asked.url),
        )
        opened.append(one)
        one.page.goto(address)
        return one

    yield look
    for one in opened:
        one.page.context.close()
    # The browser notes every refused form; that it is refused is what the tests ask for.
    told = [text for one in opened for text in one.console]
    # Who goes on while a part of a page is on its way breaks it off, which htmx notes; of a failure it says more.
    told = [text for text in told if not text.startswith(("htmx:afterRequest,", "htmx:sendAbort,"))]
    assert [text for text in told if not any(status in text for status in ("401", "422", "429"))] == []
    assert [url for one in opened for url in one.foreign] == []


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    folder = tmp_path / "downloads"
    folder.mkdir()
    return folder
