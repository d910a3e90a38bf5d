"""`guiyi explain`: why records are one person, as a table, as JSON, as a picture."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from pipelines.cli.people import published
from pipelines.cli.screen import HomeOption, JsonOption, as_json, screen, table

if TYPE_CHECKING:
    from rich.console import Console

    from identity.showing.explain import End, Step

EDGES_SHOWN: Final = 25


def register(app: typer.Typer) -> None:
    """Add this command to the app."""
    app.command()(explain)


def explain(
    first: Annotated[str, typer.Argument(metavar="ONEID|RECORD", help="A OneID, or a record: id or natural key.")],
    second: Annotated[str, typer.Argument(metavar="[RECORD]", help="A second record.")] = "",
    picture: Annotated[
        Path | None,
        typer.Option(help="Write it as SVG: weights of two records, or the graph of a person.", show_default=False),
    ] = None,
    values: Annotated[
        bool, typer.Option("--values", help="Show what the records say, in the clear, from the vault.")
    ] = False,
    home: HomeOption = None,
    to_json: JsonOption = False,
) -> None:
    """Say why two records, or all records of a person, are one: the edges and their evidence.

    Example: guiyi explain P3K7QW9ZT2M4A --picture person.svg --home data/demo
    """
    from identity.showing.explain import doubts, explain_pair, explain_person
    from identity.showing.following import current_id

    with published(home) as con:
        against: list[Step] = []
        if second:
            steps = explain_pair(con, first, second)
            against = [] if steps else doubts(con, first, second)
        else:
            first = current_id(con, first)
            steps = explain_person(con, first)
    said = _values(home, steps or against) if values else {}
    if picture:
        _draw(picture, steps, first, second)
    if to_json:
        as_json([_plain(step, said) for step in steps])
        return
    _print(screen(), steps, against, said, is_pair=bool(second))
    if picture:
        screen().print(f"图 picture: {picture}", soft_wrap=True, markup=False)


def _draw(path: Path, steps: "list[Step]", first: str, second: str) -> None:
    from common.errors import UsageError
    from identity.showing.pictures import person_graph, waterfall

    if second:
        drawn = waterfall(steps, f"为何是同一人 Why {_short(first)} and {_short(second)} are one")
    else:
        drawn = person_graph(steps, f"为何是同一人 Why these records are {first}")
    try:
        path.write_text(drawn, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written; name a file in a folder that is there.") from error


def _short(record: str) -> str:
    return record if len(record) <= 16 else record[:12] + "…"


def _plain(step: "Step", said: dict[tuple[str, str], str]) -> dict[str, Any]:
    from dataclasses import asdict

    told = asdict(step)
    told["weights"] = {name: {"level": level, "weight": weight} for name, (level, weight) in step.weights.items()}
    for side, end in (("a", step.a), ("b", step.b)):
        if (end.record, end.role) in said:
            told[side]["values"] = said[end.record, end.role]
    return told


def _print(
    console: "Console", steps: "list[Step]", against: "list[Step]", said: dict[tuple[str, str], str], *, is_pair: bool
) -> None:
    if not steps:
        told = "two people." if is_pair else "this person has a single record."
        console.print(f"没有归一依据 No edge: {told}")
        if against:
            console.print("存疑，未合并 Seen, and too weak to act on:")
    rows = table("记录 record", "记录 record", "权重 weight", "依据 evidence", numbers_from=9)
    shown = _gathered(steps or against)
    for ends, weight, words in shown[:EDGES_SHOWN]:
        rows.add_row(*ends, "sure" if weight is None else f"{weight:.1f}", words)
    if shown:
        console.print(rows)
    if len(shown) > EDGES_SHOWN:
        console.print(f"… 另有 and {len(shown) - EDGES_SHOWN} more; --json gives all, with record ids.")
    _print_bridges(console, steps, is_pair)
    known = {(end.record, end.role): end for step in steps or against for end in (step.a, step.b)}
    for party, text in said.items():
        console.print(f"{_name(known[party])}: {text}", soft_wrap=True, markup=False)


def _print_bridges(console: "Console", steps: "list[Step]", is_pair: bool) -> None:
    """The edge that most hangs on: of a path always, of a person where it is weak or would take off much."""
    from identity.showing.edges import is_weak_bridge
    from identity.showing.explain import bridges_that_matter

    bridges = bridges_that_matter(steps, is_path=is_pair)
    if not bridges:
        return
    console.print("桥 Bridges: without such an edge the person would fall in two")
    for step in bridges[:5]:
        weak = "弱 weak · " if is_weak_bridge(step.is_bridge, step.match_weight) else ""
        console.print(
            f"  {weak}{_name(step.a)} — {_name(step.b)}: {step.words}; "
            f"将脱落 {step.n_cut_off} 条 {step.n_cut_off} would fall off",
            soft_wrap=True, markup=False,
        )  # fmt: skip
    if len(bridges) > 5:
        console.print(f"  … 另有 and {len(bridges) - 5} more")


def _gathered(steps: "list[Step]") -> list[tuple[tuple[str, str], float | None, str]]:
    """The edges as they are shown: many of one kind at one record, such as ten messages to a phone, in one row."""
    groups: dict[tuple[str, str, str, float | None], list[str]] = {}
    for step in steps:
        far = step.b.label()
        kind = far.rsplit(" ", 1)[0] if step.match_weight is None else far
        words = f"{step.words_zh}\n{step.words}"
        key = (_name(step.a), f"{kind} · {step.b.role}", words, step.match_weight)
        groups.setdefault(key, []).append(_name(step.b))
    return [
        ((near, far[0] if len(far) == 1 else f"{len(far)} × {kind}"), weight, words)
        for (near, kind, words, weight), far in groups.items()
    ]


def _name(end: "End") -> str:
    return f"{end.label()} · {end.role}"


def _values(home: Any, steps: "list[Step]") -> dict[tuple[str, str], str]:
    from identity.showing.explain import values_of
    from pipelines.resources import home_path
    from warehouse.home import Home

    place = Home(home_path(home))
    touchpoints = place.vault / place.require_published() / "touchpoints"
    return values_of(touchpoints, [end for step in steps for end in (step.a, step.b)])
