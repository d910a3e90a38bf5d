"""How results are written down: a Markdown file each, with the machine that it was measured on."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def machine() -> str:
    """The machine and the versions that figures depend on, in one sentence."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "polars", "splink"))
    return f"Python {platform.python_version()}, {os.cpu_count()} cores, {packages}, {datetime.now(UTC):%Y-%m-%d}."


def write_result(name: str, lines: list[str]) -> None:
    """Writes `results/<name>.md` and prints it."""
    RESULTS.mkdir(exist_ok=True)
    text = "\n".join(lines) + "\n"
    (RESULTS / f"{name}.md").write_text(text, "utf-8")
    print(text)
