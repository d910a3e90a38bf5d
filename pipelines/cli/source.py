"""`guiyi source list|check|new`: the contracts of sources, for the data engineer."""

import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.screen import HomeOption, JsonOption, SourcesOption, as_json, screen, table

if TYPE_CHECKING:
    from touchpoints.check import TableCheck
    from touchpoints.contract import Contract

app = typer.Typer(no_args_is_help=True, help="Sources: which are known, what a file would come to, a new contract.")
Files = Annotated[list[Path], typer.Argument(help="Export files, as they came; archives too.")]
# Columns of stored rows that say nothing to a person.
_NOT_SHOWN = frozenset({"record_id", "file_id", "event_id", "entry_id", "balance_id", "source", "account", "row_no"})
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@app.command("list")
def list_sources(home: HomeOption = None, sources: SourcesOption = None, to_json: JsonOption = False) -> None:
    """List the contracts: what they read, from which files, and how well the format is known.

    Example: guiyi source list
    """
    contracts = _contracts(home, sources)
    if to_json:
        kept = ("name", "title", "source", "record_type", "formats", "grade", "evidence")
        as_json([{name: getattr(contract, name) for name in kept} for contract in contracts])
        return
    rows = table("合约 contract", "内容 what", "文件 files", "依据 grade", numbers_from=9)
    rows.columns[0].no_wrap = True
    for contract in contracts:
        rows.add_row(contract.name, contract.title, ", ".join(contract.formats), contract.grade)
    console = screen()
    console.print(rows)
    console.print(
        "A 有真实文件 seen · B 有完整表头 header known · C 仅知列名 columns known · M 尚待证实 waits for a real file"
    )


@app.command()
def check(
    files: Files,
    home: HomeOption = None,
    sources: SourcesOption = None,
    rows: Annotated[int, typer.Option(help="How many masked rows of each table to show.")] = 10,
    to_json: JsonOption = False,
) -> None:
    """Tell what files would come to: contract, columns, what would be refused, masked rows as they would be stored.

    Nothing is kept. Exit code 1 when a file could not be used, or would be held back.

    Example: guiyi source check landing/tmall/my-shop/ExportOrderList.csv
    """
    from touchpoints.check import check_file

    contracts = _contracts(home, sources)
    found = [checked for file in files for checked in check_file(file, contracts)]
    for one in found:
        one.samples = {name: several[:rows] for name, several in one.samples.items()}
    if to_json:
        as_json([asdict(one) for one in found])
    else:
        for one in found:
            _show(one)
    if any(one.contract is None or one.is_held for one in found):
        raise typer.Exit(1)


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="A file that no contract fits.")],
    name: Annotated[
        str, typer.Option(help="Of the contract and its source, as my_till; else from the file's name.")
    ] = "",
    sheet: Annotated[str, typer.Option(help="Of a workbook; else its first table.")] = "",
    home: HomeOption = None,
    sources: SourcesOption = None,
    out: Annotated[Path | None, typer.Option(help="Where to write it; else into the folder of own contracts.")] = None,
) -> None:
    """Write a first contract for an unknown file: guessed types, keys and identifiers, commented, ready to edit.

    Example: guiyi source new 销售流水.xlsx --name my_till
    """
    from common.errors import UsageError
    from touchpoints.draft import draft, first_table

    name = name or _name_from(file)
    if not _NAME.fullmatch(name):
        raise UsageError("A contract's name has small letters, digits and _ alone; give one with --name my_till.")
    path = out or _folder(home, sources) / f"{name}.yml"
    if path.exists():
        raise UsageError(f"{path} is there already; edit it, or give another --name.")
    text = draft(first_table(file, sheet), path.stem)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    console = screen()
    console.print(f"已生成 written: [bold]{path}[/bold]", soft_wrap=True)
    console.print("请逐行核对后检查 Read it through, mend what was guessed wrong, then:")
    console.print(f"  guiyi source check {file} --sources {path.parent}", soft_wrap=True)


def _show(one: "TableCheck") -> None:
    from rich.markup import escape

    console = screen()
    if one.contract is None:
        console.print(f"[bold]{escape(one.name)}[/bold]\n✗ {escape(one.note)}")
        for near in one.nearest:
            missing = escape(", ".join(near.missing))
            console.print(f"  最接近 nearest: {near.contract}; 缺少 missing: {missing}", soft_wrap=True)
        console.print(f"下一步 next: {escape(_advice(one))}\n", soft_wrap=True)
        return
    console.print(f"[bold]{escape(one.name)}[/bold]  ✓ {one.contract} · {one.title} · {one.grade}", soft_wrap=True)
    header = f", header in row {one.header_row}" if one.header_row else ""
    console.print(
        f"  account {escape(one.account)}; exported {one.exported_at} UTC, from {one.exported_at_from}; "
        f"{one.encoding or 'workbook'}{header}; {one.coverage:.0%} of its columns are known",
        soft_wrap=True,
    )
    if one.note:
        console.print(f"  ✗ {escape(one.note)}")
        return
    _show_columns(one)
    _show_rows(one)


def _advice(one: "TableCheck") -> str:
    """What to do about a file that no contract fits."""
    near = next((near for near in one.nearest if near.is_near), None)
    if near is None:
        return "guiyi source new FILE"
    missing = ", ".join(near.missing)
    return (
        f"在文件中改回表头 {missing}，或在 HOME/sources 中的契约 {near.contract} 副本里加别名 "
        f"rename the header in the file to {missing}, or copy the contract {near.contract} to HOME/sources and "
        "add the file's name beside it in `signature` and `columns`"
    )


def _show_columns(one: "TableCheck") -> None:
    from rich.markup import escape

    rows = table(
        "表头 header",
        "字段 field",
        "类型 kind",
        "个人信息 personal",
        "有值 filled",
        "不可读 unreadable",
        numbers_from=4,
    )
    for column in one.columns:
        figures = [f"{column.n_filled:,}", f"{column.n_unreadable:,}"] if column.kind else ["", ""]
        use = {"raw": "– 仅存原文 kept raw", "unknown": "? 未知 unknown, kept raw"}.get(column.use, column.use)
        rows.add_row(escape(column.header), use, column.kind, column.pii, *figures)
    screen().print(rows)
    if one.absent:
        screen().print(f"  文件中没有 not in this file: {', '.join(one.absent)}", soft_wrap=True)


def _show_rows(one: "TableCheck") -> None:
    from rich.markup import escape

    console = screen()
    counts = one.counts
    console.print(
        f"  {counts['rows_read']:,} rows read: {counts['rows_accepted']:,} accepted, {counts['rows_rejected']:,} "
        f"rejected, {counts['rows_repeated']:,} repeated"
    )
    if one.is_held:
        console.print(
            "  [red]✗ 拒收率超限，整个文件将被扣留 so many are refused that a run would hold the file back whole[/red]"
        )
    for reject in one.rejects:
        column = f" in {reject['column']}" if reject["column"] else ""
        example = f"数据第 {reject['row_no']} 行 data row {reject['row_no']}, header not counted: {reject['shape']}"
        console.print(f"  ✗ {reject['rows']:,} × {reject['reason']}{escape(column)}; {escape(example)}", soft_wrap=True)
    for word, n in one.unknown_statuses.items():
        console.print(f"  ? 未知状态 unknown status {escape(word)}: {n:,} rows")
    for name, sample in one.samples.items():
        console.print(f"\n[bold]{name}[/bold] ({one.stored[name]:,} rows, {len(sample)} shown, masked)")
        for row in sample:
            told = " · ".join(f"{key} {value}" for key, value in row.items() if key not in _NOT_SHOWN)
            console.print(f"  {escape(told)}", soft_wrap=True)
    console.print()


def _contracts(home: Path | None, sources: Path | None) -> "list[Contract]":
    from touchpoints.contracts import load_contracts

    return load_contracts(_folder(home, sources))


def _folder(home: Path | None, sources: Path | None) -> Path:
    from pipelines.resources import home_path, sources_path
    from warehouse.home import Home

    return sources_path(Home(home_path(home)), str(sources) if sources else "")


def _name_from(file: Path) -> str:
    return re.sub(r"[^a-z0-9]+", "_", file.stem.lower()).strip("_") or "new_source"
