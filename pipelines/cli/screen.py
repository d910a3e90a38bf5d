"""What is common to all commands' looks: consoles, tables, JSON, progress, the options that many share."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Where Guiyi keeps everything; else GUIYI_HOME, else ./data.", show_default=False),
]
SourcesOption = Annotated[
    Path | None,
    typer.Option(help="Folder of own contracts; else GUIYI_SOURCES, else HOME/sources.", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
AsOfOption = Annotated[
    str, typer.Option("--as-of", metavar="YYYY-MM-DD", help="Last day that counts; else today.", show_default=False)
]


def screen() -> "Console":
    """The console for results; plain text of a fixed width when nobody is watching."""
    from rich.console import Console

    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=120, no_color=True)


def errors() -> "Console":
    """The console for errors and progress."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def table(*columns: str, title: str = "", numbers_from: int = 1) -> "Table":
    """A table in the house's look: text columns first, numbers to the right."""
    from rich import box
    from rich.table import Table

    made = Table(
        box=box.SIMPLE_HEAD,
        title=title or None,
        title_justify="left",
        title_style="bold",
        pad_edge=False,
        collapse_padding=True,
    )
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number >= numbers_from else "left", overflow="fold")
    return made


def as_json(value: Any) -> None:
    """Print a value as JSON, dates as text."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[float, str], None]]:
    """A bar while a person is watching, else nothing: call what it gives with the share done and a text."""
    console = errors()
    if not console.is_terminal:
        yield lambda share, text: None
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(bar_width=30),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[text]}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=1.0, text="")
        yield lambda share, text: bar.update(task, completed=share, text=text)
