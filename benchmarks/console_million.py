"""The console at a million people: how soon it answers, and how long each page takes. Beside it bare servers.

Run: python -m benchmarks.console_million HOME   (HOME as made by benchmarks.million_home)
Every server is a process of its own on this machine, asked by one client over a new connection each time. `first` is
the first time that a page is asked for, `again` the median of five more. The peers: `python -m http.server` with a file
of the first page's size, the least that an answer can take; and a bare FastAPI page that counts the people of the same
DuckDB file, the least that a page about them can take.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.report import machine, write_result
from warehouse.home import Home
from warehouse.snapshot import open_warehouse

FIRST_PAGE_SECONDS: Final = 0.5
_AGAIN: Final = 5
_PATIENCE: Final = 120.0
_CONSOLE: Final = "from pipelines.cli import main; main()"
_PAGES: Final = (
    ("/", "Today"), ("/audiences", "Audiences"), ("/audiences/silent_high_value", "one audience"),
    ("/people", "People"), ("/people/{person}", "one person"), ("/review", "Review"), ("/campaigns", "Campaigns"),
    ("/campaigns/{campaign}", "one campaign"), ("/stores", "Stores"), ("/stores/store/{store}", "one store"),
    ("/stores/staff", "Staff"), ("/stores/targets", "Targets and forecast"), ("/health", "Data health"),
    ("/dictionary", "Dictionary"), ("/dictionary?q=repeat", "Dictionary, a search"),
    ("/dictionary/tables/customer.customer_360", "one table"), ("/audit", "Audit"),
)  # fmt: skip
_EXAMPLES: Final = {
    "person": "select one_id from customer.customer_360 order by n_purchases desc, one_id limit 1",
    "campaign": "select campaign_code from marts.campaign_effect order by verdict = 'no holdout', 1 limit 1",
    "store": "select store_code from marts.store_scorecard order by store_code limit 1",
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("home", type=Path)
    arguments.add_argument("--bare", type=int, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    home = Home(options.home)
    if options.bare:
        _serve_bare(home, options.bare)
        return
    _measure(home)


def _measure(home: Home) -> None:
    examples = _examples(home)
    with _server([sys.executable, "-c", _CONSOLE, "console", "--home", str(home.path), "--port", "8436"], 8436) as up:
        ready = up
        times = {}
        for path, _ in _PAGES:
            try:
                times[path] = _times(8436, path.format(**examples))
            except urllib.error.HTTPError as error:
                if error.code != 409:
                    raise
                # The home has no such tables: that a page cannot be measured is told, not passed over.
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "page.html").write_bytes(b"x" * times["/"][2])
        command = [sys.executable, "-m", "http.server", "8437", "--bind", "127.0.0.1", "--directory", folder]
        with _server(command, 8437) as floor_ready:
            floor = _times(8437, "/page.html")
    command = [sys.executable, "-m", "benchmarks.console_million", str(home.path), "--bare", "8438"]
    with _server(command, 8438) as bare_ready:
        bare = _times(8438, "/")
    _write(home, examples, ready, times, (floor_ready, floor), (bare_ready, bare))


def _examples(home: Home) -> dict[str, str]:
    with open_warehouse(home) as con:
        return {name: con.execute(query).fetchall()[0][0] for name, query in _EXAMPLES.items()}


@contextmanager
def _server(command: list[str], port: int) -> Iterator[float]:
    """A server in a process of its own; gives how long it took until it answered anything."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/static/icon.svg", timeout=5).close()
                break
            except urllib.error.HTTPError:
                break  # an answer, if not a file
            except OSError:
                if process.poll() is not None or time.perf_counter() - started > _PATIENCE:
                    raise RuntimeError(f"{command} did not answer") from None
                time.sleep(0.02)
        yield time.perf_counter() - started
    finally:
        process.terminate()
        process.wait()


def _times(port: int, path: str) -> tuple[float, float, int]:
    """Seconds of the first answer, the median of more, and its bytes."""
    taken, size = [], 0
    for _ in range(_AGAIN + 1):
        started = time.perf_counter()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=_PATIENCE) as answer:
            size = len(answer.read())
        taken.append(time.perf_counter() - started)
    return taken[0], statistics.median(taken[1:]), size


def _serve_bare(home: Home, port: int) -> None:
    import uvicorn
    from fastapi import FastAPI
    from fastapi.responses import HTMLResponse

    app, con = FastAPI(), open_warehouse(home)

    @app.get("/", response_class=HTMLResponse)
    def page() -> str:
        return f"<p>{con.cursor().execute('select count(*) from customer.customer_360').fetchall()[0][0]:,}</p>"

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error")


def _write(
    home: Home,
    examples: dict[str, str],
    ready: float,
    times: dict[str, tuple[float, float, int]],
    floor: tuple[float, tuple[float, float, int]],
    bare: tuple[float, tuple[float, float, int]],
) -> None:
    with open_warehouse(home) as con:
        n_people = con.execute("select count(*) from customer.customer_360").fetchall()[0][0]
    base = bare[1][1]
    first = times["/"][0]
    rows = []
    for path, name in _PAGES:
        if path not in times:
            rows.append(f"| {name} | not in this home | | | |")
            continue
        early, late, size = times[path]
        rows.append(f"| {name} | {early:.3f} | {late:.3f} | {late / base:.1f} | {size / 1e3:.0f} |")
    write_result(
        "console_million",
        [
            f"# The console over {n_people:,} people",
            "",
            f"Seconds by the clock. {machine()}",
            "",
            "| page | first | again | again: ratio to the bare page | kB |",
            "|---|---:|---:|---:|---:|",
            *rows,
            f"| *peer: bare FastAPI page, one count* | {bare[1][0]:.3f} | {base:.3f} | 1.0 | {bare[1][2] / 1e3:.0f} |",
            f"| *peer: http.server, a file of the first page's size* | {floor[1][0]:.3f} | {floor[1][1]:.3f} | "
            f"{floor[1][1] / base:.1f} | {floor[1][2] / 1e3:.0f} |",
            "",
            f"First page: {first:.3f} s, {first / FIRST_PAGE_SECONDS:.2f} of the budget of {FIRST_PAGE_SECONDS} s.",
            "",
            f"From the command to the first answer: `guiyi console` {ready:.1f} s, the bare page {bare[0]:.1f} s "
            f"({ready / bare[0]:.1f} times as long), http.server {floor[0]:.1f} s.",
        ],
    )


if __name__ == "__main__":
    main()
