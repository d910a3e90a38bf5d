"""`guiyi reject list|retry`: rows and files that could not be used, and what they would come to now."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.screen import AsOfOption, HomeOption, JsonOption, SourcesOption, as_json, screen, table

if TYPE_CHECKING:
    from warehouse.home import Home

app = typer.Typer(no_args_is_help=True, help="Rejected rows: see them by reason, read their files again.")
Reason = Annotated[str, typer.Option(help="Only rows refused for this reason, as id_lossy.", show_default=False)]
Files = Annotated[str, typer.Option("--path", help="Only files whose path has this in it.", show_default=False)]
LandingOption = Annotated[
    Path | None, typer.Option(help="Where the files lie; else GUIYI_LANDING, else HOME/landing.", show_default=False)
]
_WHERE = "(reason = $reason or $reason = '') and contains(path, $path)"
_BY_REASON = f"""
    select reason, path, column_name, count(*) as n_rows, min(row_no) as first_row,
        arg_min(raw_mask, row_no) as shape
    from ops.reject where {_WHERE} group by all order by n_rows desc, reason, path
"""
_FILES = f"""
    select * from ops.source_file
    where contains(path, $path) and (
        status in ('held', 'unknown', 'unreadable') and $reason in ('', status)
        or path in (select path from ops.reject where {_WHERE})
    )
    order by path
"""


@app.command("list")
def list_rejects(
    home: HomeOption = None,
    reason: Reason = "",
    path: Files = "",
    to_json: JsonOption = False,
) -> None:
    """List the rows of the last run that could not be used, by reason and file, values masked.

    Example: guiyi reject list --reason id_lossy --home data
    """
    place = _place(home)
    by_reason = _query(place, _BY_REASON, reason, path)
    files = [file for file in _query(place, _FILES, reason, path) if file["note"]]
    if to_json:
        as_json({"rows": by_reason, "files": files})
        return
    console = screen()
    if not by_reason and not files:
        console.print("没有拒收 Nothing was refused.")
        return
    for row in by_reason:
        _show_reason(row)
    for file in files:
        sentences = f"{file.get('note_zh') or ''} {file['note']}".strip()
        console.print(f"{file['status']}: {file['path']}\n  {sentences}\n", soft_wrap=True, markup=False)
    console.print("下一步 next: mend the file or its contract, then: guiyi reject retry")


def _show_reason(row: dict[str, Any]) -> None:
    """One reason in one file. Lines are never broken: paths and numbers are for copying."""
    from common.labels import label

    first = row["first_row"]
    column = f" · 列 column {row['column_name']}" if row["column_name"] else ""
    said = " ".join(dict.fromkeys(label("reject_reason", row["reason"])))
    lines = (
        f"{row['n_rows']:,} × {row['reason']} {said}{column}",
        f"  {row['path']}",
        f"  数据第 {first} 行（不含表头） data row {first}, the header not counted:",
        f"  {row['shape']}",
        "",
    )
    for line in lines:
        screen().print(line, soft_wrap=True, markup=False)


@app.command()
def retry(
    home: HomeOption = None,
    landing: LandingOption = None,
    sources: SourcesOption = None,
    reason: Reason = "",
    path: Files = "",
    publish: Annotated[bool, typer.Option("--run", help="Run everything when some rows can be used now.")] = False,
    as_of: AsOfOption = "",
    to_json: JsonOption = False,
) -> None:
    """Read the files of rejected rows again, with the contracts as they are now, and tell what has changed.

    What is published changes with the next run, which reads every file anew whose contract was mended; --run starts it.
    Exit code 1 when rows are still refused.

    Example: guiyi reject retry --reason bad_time --run --home data
    """
    from pipelines.resources import landing_path

    place = _place(home)
    folder = landing_path(place, str(landing) if landing else "")
    found = _read_again(place, folder, sources, reason, path)
    if to_json:
        as_json(found)
    else:
        _show(found)
    better = any(row["rows_rejected_now"] < row["rows_rejected"] or row["is_usable_now"] for row in found)
    if better and publish:
        from pipelines.cli.runs import run

        run(home=place.path, landing=folder, as_of=as_of, sources=sources)
    elif better and not to_json:
        screen().print("下一步 next: guiyi run")
    if any(row["rows_rejected_now"] or row["status_now"] != "loaded" for row in found):
        raise typer.Exit(1)


def _read_again(place: "Home", folder: Path, sources: Path | None, reason: str, path: str) -> list[dict[str, Any]]:
    from pipelines.resources import sources_path
    from touchpoints.check import TableCheck, check_file
    from touchpoints.contracts import load_contracts

    contracts = load_contracts(sources_path(place, str(sources) if sources else ""))
    now: dict[Path, list[TableCheck]] = {}
    found = []
    for file in _query(place, _FILES, reason, path):
        on_disk = _on_disk(folder, file["path"])
        if on_disk is not None and on_disk not in now:
            now[on_disk] = check_file(on_disk, contracts)
        inside = file["path"].removeprefix(on_disk.relative_to(folder).as_posix() if on_disk else "")
        same = [one for one in now.get(on_disk, []) if one.name == f"{on_disk.name}{inside}"] if on_disk else []
        found.append(_compared(file, same[0] if same else None))
    return found


def _compared(file: dict[str, Any], now: Any) -> dict[str, Any]:
    """What became of a file then, and what would now."""
    status = "gone" if now is None else "held" if now.is_held else "loaded" if now.contract else "unknown"
    rejected = now.counts.get("rows_rejected", 0) if now else 0
    return {
        "path": file["path"],
        "status": file["status"],
        "status_now": status,
        "rows_rejected": file["rows_rejected"],
        "rows_rejected_now": rejected,
        "reasons_now": {row["reason"]: row["rows"] for row in now.rejects} if now else {},
        "is_usable_now": status == "loaded" and file["status"] in ("held", "unknown", "unreadable"),
        "note": now.note if now else "It is not in the landing folder any more.",
    }


def _on_disk(folder: Path, path: str) -> Path | None:
    """The file itself, or the archive that it lies in."""
    parts = path.split("#")[0].split("/") if not (folder / path).is_file() else path.split("/")
    return next((p for n in range(len(parts), 0, -1) if (p := folder.joinpath(*parts[:n])).is_file()), None)


def _show(found: list[dict[str, Any]]) -> None:
    from rich.markup import escape

    console = screen()
    if not found:
        console.print("没有拒收 Nothing was refused.")
        return
    rows = table("文件 file", "当时 then", "现在 now", "当时拒收 refused then", "现在拒收 refused now", numbers_from=3)
    for row in found:
        figures = [f"{row['rows_rejected']:,}", f"{row['rows_rejected_now']:,}"]
        rows.add_row(escape(row["path"]), row["status"], row["status_now"], *figures)
    console.print(rows)
    for row in found:
        told = row["note"] or ", ".join(f"{n:,} × {reason}" for reason, n in row["reasons_now"].items())
        if told:
            console.print(f"  {escape(row['path'])}: {escape(told)}", soft_wrap=True)


def _query(place: "Home", query: str, reason: str, path: str) -> list[dict[str, Any]]:
    from warehouse.snapshot import open_warehouse

    with open_warehouse(place) as con:
        relation = con.sql(query, params={"reason": reason, "path": path})
        return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def _place(home: Path | None) -> "Home":
    from pipelines.resources import home_path
    from warehouse.home import Home

    return Home(home_path(home))
