"""Pages about sources: one Markdown file each, made from its contracts. Run `python -m touchpoints.page`.

A test holds docs/sources to the contracts.
"""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from touchpoints.contract import Column, Contract
from touchpoints.contracts import load_contracts

FOLDER: Final = Path(__file__).parents[1] / "docs" / "sources"
GRADES: Final = {
    "A": "seen: a real file with rows, or the vendor's own documentation · 有真实文件或官方文档",
    "B": "known: the header of code that reads this export today; no row seen · 有现行代码中的完整表头，未见数据行",
    "C": "partly known: column names without their order, or the fields of an interface · 仅知列名或接口字段",
    "M": "not confirmed by anything yet: it waits for a real file · 尚未证实，待真实文件",
}


def pages(contracts: Sequence[Contract]) -> dict[str, str]:
    """The text of each page by its file name, and of the list of all."""
    by_source = {
        source: list(several)
        for source, several in groupby(sorted(contracts, key=lambda c: (c.source, c.name)), lambda c: c.source)
    }
    made = {f"{source}.md": _page(source, several) for source, several in by_source.items()}
    return {"README.md": _list(by_source), **made}


def _list(by_source: dict[str, list[Contract]]) -> str:
    lines = [
        "# Sources · 数据来源",
        "",
        "Made from the contracts; see [a new source](../new-source.md) to add one.",
        "",
    ]
    lines += ["| source | contract | what · 内容 | files | grade |", "|---|---|---|---|---|"]
    for source, several in by_source.items():
        for contract in several:
            what, forms = _cell(contract.title), ", ".join(contract.formats)
            lines.append(f"| [{source}]({source}.md) | `{contract.name}` | {what} | {forms} | {contract.grade} |")
    lines += ["", "How well a format is known:", ""]
    lines += [f"- **{grade}** {text}" for grade, text in GRADES.items()]
    return "\n".join(lines) + "\n"


def _page(source: str, contracts: Sequence[Contract]) -> str:
    lines = [f"# {source}", ""]
    for contract in contracts:
        lines += _contract(contract)
    return "\n".join(lines).rstrip() + "\n"


def _contract(contract: Contract) -> list[str]:
    known = "; ".join(" or ".join(f"`{name}`" for name in several) for several in contract.signature)
    whose = (
        "folder" if contract.account == "folder" else f"`{contract.columns[contract.account].names[0]}`, else folder"
    )
    lines = [
        f"## {contract.title}",
        "",
        f"`{contract.name}` · {', '.join(contract.formats)} · grade **{contract.grade}**: {GRADES[contract.grade]}",
        "",
        f"- Evidence: {contract.evidence}",
        f"- Known by: {known}",
        f"- Account: {whose}. Export moment: {_moments(contract)}.",
        f"- A row is known by: {', '.join(f'`{part}`' for part in contract.natural_key.parts)}",
        f"- Gives: {', '.join(_gives(contract))}",
    ]
    if contract.complete:
        lines.append("- Each day's files list everybody: who is in them no longer has no consent any more.")
    lines += [f"- Refused as `{refusal.reason}`: rows where `{refusal.when}`" for refusal in contract.reject]
    lines += ["", "| field | header names · 表头 | kind | personal |", "|---|---|---|---|"]
    lines += [_row(name, column) for name, column in contract.columns.items()]
    if contract.other_columns:
        lines += ["", f"Kept in the raw cells alone: {', '.join(contract.other_columns)}."]
    return [*lines, ""]


def _row(name: str, column: Column) -> str:
    kind = column.kind + (", required" if column.required else "")
    return f"| `{name}` | {_cell(', '.join(column.names))} | {kind} | {column.pii or ''} |"


def _moments(contract: Contract) -> str:
    words = {"preamble": "lines above the header", "name": "file name", "mtime": "file time"}
    return ", else ".join(dict.fromkeys(words[way.origin] for way in contract.exported_at))


def _gives(contract: Contract) -> list[str]:
    found = [f"party `{role}`" for role in contract.parties]
    found += ["orders"] if contract.order else []
    found += ["order lines"] if contract.lines else []
    found += [f"event `{event.type}`" for event in contract.events]
    found += [f"ledger `{entry.kind}`" for entry in contract.ledger]
    found += [f"consent for {consent.channel} {consent.state}" for consent in contract.consent]
    found += [f"balance of {balance.kind}" for balance in contract.balances]
    found += ["devices"] if contract.devices else []
    found += [f"account of a {business.kind}" for business in contract.businesses]
    found += [f"reference table `{reference.table}`" for reference in contract.reference]
    return list(dict.fromkeys(found)) or ["records alone"]


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def write_pages() -> None:
    """Writes docs/sources anew."""
    made = pages(load_contracts())
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.md"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_pages()
