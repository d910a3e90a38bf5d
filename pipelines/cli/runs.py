"""`guiyi demo`, `simulate`, `run`, `status`: files in, and how it went."""

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from pipelines.cli.measured import compare
from pipelines.cli.screen import (
    AsOfOption,
    HomeOption,
    JsonOption,
    SourcesOption,
    as_json,
    errors,
    progress_bar,
    screen,
    table,
)

if TYPE_CHECKING:
    from identity.measuring.evaluate import Evaluation
    from pipelines.run import RunOutcome
    from simulator.world import SimulationReport
    from warehouse.home import Home

# Fixed, so that everybody's demo shows the same brand.
DEMO_SEED: Final = 2026
DEMO_AS_OF: Final = date(2026, 10, 31)
DEMO_PEOPLE: Final = 5000


def register(app: typer.Typer) -> None:
    """Add these commands to the app."""
    for command in (demo, simulate, run, backfill, status):
        app.command()(command)


def demo(
    home: HomeOption = None,
    people: Annotated[int, typer.Option(help="How many people the brand knows.")] = DEMO_PEOPLE,
    seed: Annotated[int, typer.Option(help="Another seed is another world.")] = DEMO_SEED,
) -> None:
    """Simulate a brand and run everything over its files, then tell what came out.

    Writes into HOME/demo and leaves the rest of the home alone.

    Example: guiyi demo --people 5000
    """
    from pipelines.resources import home_path
    from pipelines.run import landed
    from pipelines.summary import show_summary
    from warehouse.home import Home

    place = Home(home_path(home) / "demo")
    console = screen()
    console.print(f"[bold]归一 Guiyi[/bold] · 模拟品牌 a simulated brand of {people:,} people → {place.path}")
    # Only what this command wrote itself is replaced, and only while no run works on it.
    with place.lock():
        _simulate(people, seed, place.path, DEMO_AS_OF)
    outcome = _run(place, landed(place.landing), DEMO_AS_OF)
    evaluation = compare(place, place.path / "truth" / "party.parquet").figures
    show_summary(console, place, outcome=outcome, evaluation=evaluation)


def simulate(
    out: Annotated[Path, typer.Option(help="The folder to write; landing/ and truth/ in it are replaced.")],
    people: Annotated[int, typer.Option(help="How many people the brand knows.")] = DEMO_PEOPLE,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = DEMO_SEED,
    as_of: AsOfOption = "",
    extra_days: Annotated[int, typer.Option(help="Daily files for so many days after.")] = 0,
    sources: Annotated[
        str, typer.Option(help="Only these, by commas, e.g. `pos,youzan,reference`; else all.", show_default=False)
    ] = "",
    to_json: JsonOption = False,
) -> None:
    """Write a retail world with known truth as the platforms' own export files.

    Example: guiyi simulate --people 20000 --seed 7 --out world
    """
    from pipelines.resources import as_of_date, utc_now

    wanted = [name.strip() for name in sources.split(",") if name.strip()] or None
    report = _simulate(people, seed, out.absolute(), as_of_date(as_of, utc_now()), extra_days, wanted)
    if to_json:
        as_json(asdict(report))
        return
    rows = table("来源 source", "行 rows", title=f"{report.n_files} 个文件 files · {report.landing}")
    for source, n in report.rows.items():
        rows.add_row(source, f"{n:,}")
    console = screen()
    console.print(rows)
    console.print(f"下一步 next: guiyi run --home {out}/home --landing {report.landing} --as-of {report.as_of}")


def run(
    home: HomeOption = None,
    landing: Annotated[
        Path | None,
        typer.Option(help="Export files, any folder tree; else GUIYI_LANDING, else HOME/landing.", show_default=False),
    ] = None,
    as_of: AsOfOption = "",
    truth: Annotated[
        Path | None, typer.Option(help="A truth file to compare the OneIDs with.", show_default=False)
    ] = None,
    sources: SourcesOption = None,
    accept_churn: Annotated[
        bool, typer.Option("--accept-churn", help="Let this run change as many OneIDs as it likes.")
    ] = False,
    to_json: JsonOption = False,
) -> None:
    """Run everything: files in, people, profiles, a published warehouse, audience CSVs out.

    The same job as in the Dagster UI. It publishes whole or not at all.

    Example: guiyi run --home data --landing /srv/exports --as-of 2026-11-20
    """
    from pipelines.resources import as_of_date, home_path, landing_path, utc_now
    from pipelines.run import landed
    from warehouse.home import Home

    place = Home(home_path(home))
    files = landed(landing_path(place, str(landing) if landing else ""))
    day = as_of_date(as_of, utc_now())
    _warn_if_older(place, day)
    outcome = _run(place, files, day, accept_churn=accept_churn, sources=sources)
    evaluation = compare(place, truth).figures if truth else None
    if to_json:
        _print_json(place, outcome, evaluation)
        return
    from pipelines.summary import show_summary

    show_summary(screen(), place, outcome=outcome, evaluation=evaluation)


def backfill(
    first: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="First day.", show_default=False)],
    last: Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help="Last day, itself included.")] = "",
    home: HomeOption = None,
    to_json: JsonOption = False,
) -> None:
    """Put the tags that people had on past days into their history, from what is published.

    The same answer as if Guiyi had run on those days with the same files; one snapshot is published at the end.

    Example: guiyi backfill --from 2026-10-01 --to 2026-10-31
    """
    from pipelines.resources import as_of_date, home_path, utc_now
    from pipelines.run import run_backfill
    from warehouse.home import Home

    place, now = Home(home_path(home)), utc_now()
    begins = as_of_date(first, now)
    with progress_bar("回填 filling in") as bar:
        outcome = run_backfill(
            place, begins, as_of_date(last or first, now), lambda share, step, text: bar(share, text)
        )
    if to_json:
        as_json({"run_id": outcome.run_id, "seconds": round(outcome.seconds, 1)})
        return
    screen().print(f"已发布 published {outcome.run_id} · {outcome.seconds:.0f} s")


def _warn_if_older(home: "Home", day: date) -> None:
    """A run for a past day replaces what is published; that is allowed, and said."""
    published = home.published()
    if published and day.isoformat() < (newest := home.manifest(published)["as_of"]):
        errors().print(
            f"⚠ 将以较早的日期发布 This publishes as of {day}, earlier than the {newest} that is published; "
            "run again with a later --as-of to go forward.",
            style="yellow",
        )


def status(home: HomeOption = None, to_json: JsonOption = False) -> None:
    """Tell what is published, which snapshots are kept, and what the last run brought.

    Example: guiyi status --home data
    """
    from pipelines.figures import collect
    from pipelines.resources import home_path
    from pipelines.summary import show_figures
    from warehouse.home import Home

    place = Home(home_path(home))
    figures = collect(place)
    kept = [{name: m[name] for name in ("run_id", "as_of", "base_run_id", "finished_at")} for m in place.kept()]
    if to_json:
        as_json(asdict(figures) | {"home": place.path, "kept": kept})
        return
    console = screen()
    show_figures(console, figures)
    rows = table("运行 run", "基准 base", "完成 finished (UTC)", title="保留的快照 Snapshots kept", numbers_from=9)
    for snapshot in kept:
        mark = " ← published" if snapshot["run_id"] == figures.run_id else ""
        rows.add_row(snapshot["run_id"] + mark, snapshot["base_run_id"] or "–", snapshot["finished_at"][:19])
    console.print(rows)
    console.print(f"数据仓库 warehouse: {place.warehouse}")


def _simulate(
    people: int, seed: int, out: Path, as_of: date, extra_days: int = 0, sources: list[str] | None = None
) -> "SimulationReport":
    from simulator.world import simulate as write_world

    with progress_bar("模拟 simulating") as bar:
        return write_world(
            people,
            seed,
            out,
            as_of=as_of,
            extra_days=extra_days,
            sources=sources,
            progress=lambda done, total, text: bar(done / total, text),
        )


def _run(
    place: "Home", landing: Path, as_of: date, *, accept_churn: bool = False, sources: Path | None = None
) -> "RunOutcome":
    from pipelines.run import run_job
    from pipelines.summary import step_label

    with progress_bar("运行 running") as bar:
        return run_job(
            place,
            landing,
            as_of,
            lambda share, step, text: bar(share, f"{step_label(step)} {text}".rstrip()),
            accept_churn=accept_churn,
            sources=sources,
        )


def _print_json(place: "Home", outcome: "RunOutcome", evaluation: "Evaluation | None") -> None:
    from pipelines.figures import collect

    told: dict[str, Any] = asdict(collect(place))
    told |= {"seconds": round(outcome.seconds, 1), "steps": outcome.steps, "failed_checks": outcome.failed_checks}
    if evaluation:
        told["evaluation"] = evaluation.as_dict()
    as_json(told)
