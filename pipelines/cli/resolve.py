"""`guiyi resolve`: who is who in any table of people, without a warehouse."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.screen import JsonOption, as_json, errors, progress_bar, screen, table

if TYPE_CHECKING:
    from identity.people.quality import Quality
    from identity.people.resolve import Resolution


def register(app: typer.Typer) -> None:
    """Add this command to the app."""
    app.command()(resolve)


def resolve(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="CSV (UTF-8, with a header) or Parquet files.")],
    column_map: Annotated[
        Path | None,
        typer.Option(
            "--map", help="What each column is; guessed and written beside --out if left away.", show_default=False
        ),
    ] = None,
    truth: Annotated[
        str,
        typer.Option(
            metavar="COLUMN",
            help="A column with the true person, to measure against; never compared.",
            show_default=False,
        ),
    ] = "",
    out: Annotated[Path, typer.Option(help="The answer: Parquet, or CSV by its name.")] = Path("map.parquet"),
    edges: Annotated[
        Path | None, typer.Option(help="Write the evidence too: pairs with words and weights.", show_default=False)
    ] = None,
    memory_limit: Annotated[
        str, typer.Option(metavar="2GB", help="Work on disk beyond so much memory.", show_default=False)
    ] = "",
    engine: Annotated[
        str, typer.Option(metavar="duckdb|spark", help="Where pairs are compared and joined.", show_default=False)
    ] = "",
    spark: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="For Spark: master=…, folder=… (seen by all workers), or any setting of its own; may be given again.",
            show_default=False,
        ),
    ] = None,
    to_json: JsonOption = False,
) -> None:
    """Find out which rows of any table of people are one person. Needs no home and no warehouse.

    Example: guiyi resolve customers.csv newsletter.parquet --out map.parquet

    The answer has one row per row of the files: file, row (from 1), the column that names records, person_id. What the
    columns were taken to be is written to map.columns.yml; edit it and give it back with --map.
    """  # fmt: skip
    from common.errors import UsageError
    from identity.people.guess import map_beside
    from identity.people.resolve import resolve_table
    from identity.people.roles import read_map, write_map

    for path in (out, edges):
        if path is not None and not path.absolute().parent.is_dir():
            raise UsageError(f"There is no folder {path.absolute().parent}; make it first.")
        if path is not None and path.absolute() in [file.absolute() for file in files]:
            raise UsageError(f"{path.name} is one of the files that are read; give the answer another name.")
    said = read_map(column_map) if column_map else None
    with progress_bar("归一 resolve") as tell:
        found = resolve_table(
            files,
            said,
            truth=truth or None,
            with_edges=edges is not None,
            memory_limit=memory_limit or None,
            engine=engine or None,
            spark=_settings(spark or []),
            tell=tell,
        )
    _write(found.people, out)
    if edges is not None and found.edges is not None:
        _write(found.edges, edges)
    written = None
    if said is None:
        written = map_beside(out)
        # What somebody may have edited is never written over.
        if written.exists():
            errors().print(f"⚠ {written} 未用 was there already and was left alone; give it with --map to use it.")
        else:
            write_map(found.column_map, written)
    if to_json:
        as_json(_figures(found, out, written, edges))
        return
    _show(found, out, written, edges)


def _settings(given: list[str]) -> dict[str, str]:
    from common.errors import UsageError

    for one in given:
        if not one.partition("=")[0] or "=" not in one:
            raise UsageError(f"--spark {one} is not a setting; write it as --spark master=yarn.")
    return {name: value for name, _, value in (one.partition("=") for one in given)}


def _write(frame: Any, path: Path) -> None:
    """Whole or not at all: beside its place first, then renamed."""
    fresh = path.with_name(f".{path.name}.new")
    if path.suffix.lower() in (".csv", ".txt"):
        frame.write_csv(fresh)
    else:
        frame.write_parquet(fresh)
    fresh.chmod(0o600)
    fresh.replace(path)


def _figures(found: "Resolution", out: Path, written: Path | None, edges: Path | None) -> dict[str, Any]:
    return {
        "out": out,
        "columns_map": written,
        "edges": edges,
        "n_rows": len(found.people),
        "n_descriptions": found.n_descriptions,
        "n_pairs": found.n_pairs,
        "n_people": found.n_people,
        "columns": found.column_map.columns,
        "pairs_by_rule": found.pairs_by_rule,
        "quality": asdict(found.quality) if found.quality else None,
    }


def _show(found: "Resolution", out: Path, written: Path | None, edges: Path | None) -> None:
    console = screen()
    columns = table("列 column", "是 taken to be")
    for column, role in found.column_map.columns.items():
        columns.add_row(column, role, style="dim" if role == "ignore" else None)
    columns.columns[1].justify = "left"
    console.print(columns)
    console.print(
        f"{len(found.people):,} 行 rows · {found.n_descriptions:,} 种描述 distinct descriptions · "
        f"{found.n_pairs:,} 对 pairs compared → [bold]{found.n_people:,} 人 people[/bold]"
    )
    if found.quality:
        console.print(_quality_table(found.quality))
    console.print(f"结果 answer: {out}")
    if edges:
        console.print(f"依据 evidence: {edges}")
    if written:
        console.print(f"列的含义 what the columns are: {written} (edit it and give it back with --map)")


def _quality_table(measured: "Quality") -> Any:
    rows = table(
        "与真值比较 against the truth", "precision", "recall", "F1",
        title=f"{measured.n_people:,} 真人 true people, {measured.n_found:,} 找到 found, "
        f"largest {measured.largest:,} rows",
    )  # fmt: skip
    for name, label in (("pairwise", "记录对 pairs"), ("b_cubed", "B³"), ("cluster", "整个人 whole people")):
        figures = asdict(measured)
        rows.add_row(label, *(f"{figures[f'{name}_{part}']:.4f}" for part in ("precision", "recall", "f1")))
    return rows
