"""The Typer app, and the one place where errors become a sentence and an exit code."""

from typing import Annotated, Final

import typer

from common.errors import GuiyiError
from pipelines.cli import (
    campaign,
    console,
    explaining,
    measured,
    model,
    people,
    reject,
    resolve,
    review,
    runs,
    segment,
    source,
)
from pipelines.cli.screen import errors


def _tell_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"guiyi {version('guiyi')}")
        raise typer.Exit


_HELP: Final = (
    "归一 Guiyi: a customer data platform that runs on a brand's own export files.\n\n"
    "Start with [bold]guiyi demo[/bold]: a made-up brand of 5,000 people, from files to audience CSVs."
)
app = typer.Typer(
    name="guiyi",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # it prints local variables, which may be personal data
    rich_markup_mode="rich",
    help=_HELP,
)


@app.callback(help=_HELP)
def guiyi(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_tell_version)
    ] = False,
) -> None:
    """What holds of every command; the help is the app's own."""


runs.register(app)
people.register(app)
explaining.register(app)
measured.register(app)
resolve.register(app)
console.register(app)
app.add_typer(segment.app, name="segment")
app.add_typer(campaign.app, name="campaign")
app.add_typer(source.app, name="source")
app.add_typer(reject.app, name="reject")
app.add_typer(review.app, name="review")
app.add_typer(model.app, name="model")


def run(arguments: list[str]) -> int:
    """Run one command.

    Returns:
        The exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
    """
    try:
        app(args=arguments)
    except GuiyiError as error:
        errors().print(f"[red]guiyi:[/red] {_escaped(str(error))}", soft_wrap=True)
        return error.exit_code
    except SystemExit as ended:  # Typer's own: wrong usage is 2, an interrupt 130
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(text)
