"""How `guiyi segment preview` shows an audience: sizes, reasons, tags, masked people; both languages, 80 columns."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from common.labels import label
from pipelines.cli.screen import screen, table

if TYPE_CHECKING:
    from rich.console import Console

    from segments.api import Label, Names, PastSize, Preview, Reach, TagLift

_WIDTH: Final = 80
_HEADS: Final = {"contact.value": ("联系方式", "contact"), "personal.name": ("姓名", "name")}


def show_reach(console: "Console", reach: "Reach") -> None:
    """How many match and may be reached, and why the others may not."""
    console.print(f"符合 match {reach.matching:,} · 可触达 reachable {reach.reachable:,}")
    for reason, n in reach.unreachable.items():
        console.print(f"  不可触达 unreachable: {n:,} {_reason(reason)}", soft_wrap=True)


def show_channels(channels: "Mapping[str, Reach]") -> None:
    """Each channel's reach, and why the others may not be written to there."""
    rows = table("渠道 channel", "可触达\nreachable", "不可触达 unreachable", numbers_from=1)
    rows.columns[2].justify = "left"
    for channel, reach in channels.items():
        reasons = "\n".join(f"{n:,} {_reason(reason)}" for reason, n in reach.unreachable.items() if n)
        rows.add_row(f"{label('channel', channel)[0]} {channel}", f"{reach.reachable:,}", reasons or "–")
    screen().print(rows, width=_WIDTH)


def show_sizes(sizes: "Sequence[PastSize]") -> None:
    """The audience's size in past runs, where there are some."""
    rows = table("运行 run", "截至 as of", "符合 match", "可触达 reach", numbers_from=2)
    for size in sizes:
        shown = ["–" if n is None else f"{n:,}" for n in (size.matching, size.reachable)]
        rows.add_row(size.run_id, str(size.as_of), *shown)
    screen().print(rows, width=_WIDTH)


def show_tags(tags: "Sequence[TagLift]", names: "Names") -> None:
    """The tags that set the audience apart from everybody."""
    rows = table("标签 tag", "人\npeople", "占比\nshare", "全体\neverybody", "提升\nlift", numbers_from=1)
    for tag in tags:
        shares = (f"{tag.share:.0%}", f"{tag.share_everybody:.0%}", f"{tag.lift:.1f}×")
        value = names.of_tag(tag.tag, tag.value) or (tag.value, tag.value)
        told = ("", "") if tag.value == "true" else (f"：{value[0]}", f": {value[1]}")
        rows.add_row(f"{tag.label.zh}{told[0]}\n{tag.label.en}{told[1]}", f"{tag.n_people:,}", *shares)
    screen().print(rows, width=_WIDTH)


def show_people(console: "Console", seen: "Preview", names: "Names", heads: "Mapping[str, Label]") -> None:
    """A few people, masked, each a paragraph: a OneID stays whole, and every value stands beside its name."""
    from rich.text import Text

    if seen.people.height:
        console.print("\n[bold]部分客户（已遮盖） A few people, masked[/]")
    for row in seen.people.iter_rows(named=True):
        one_id, *cells = (_cell(name, value, names, heads) for name, value in row.items())
        console.print(Text(str(row["one_id"]) if "one_id" in row else one_id, style="bold"), soft_wrap=True)
        told = cells if "one_id" in row else [one_id, *cells]
        for line in _lines([cell for cell in told if cell]):
            console.print(Text(f"  {line}"), soft_wrap=True)


def _lines(cells: Sequence[str]) -> list[str]:
    """The cells on as few lines as hold them whole."""
    from rich.cells import cell_len

    lines: list[str] = []
    for cell in cells:
        if lines and cell_len(lines[-1]) + 3 + cell_len(cell) <= _WIDTH - 2:
            lines[-1] += f" · {cell}"
        else:
            lines.append(cell)
    return lines


def _cell(column: str, value: Any, names: "Names", heads: "Mapping[str, Label]") -> str:
    """A cell with what it is called; nothing for one that is empty."""
    if value is None or column == "one_id":
        return ""
    zh, en = _HEADS.get(column) or ((heads[column].zh, column) if column in heads else (column, ""))
    head = zh if zh == en else f"{zh} {en}".strip()
    named = names.of_column(column, value)
    if named:
        shown = " ".join(dict.fromkeys(named))
    else:
        shown = f"{value:,.2f}".removesuffix(".00") if isinstance(value, float) else str(value)
    return f"{head} {shown}"


def _reason(reason: str) -> str:
    return " ".join(dict.fromkeys(label("unreachable_reason", reason)))
