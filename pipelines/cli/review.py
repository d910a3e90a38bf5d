"""`guiyi review next|list|decide|export|import`: the questions that people answer, for stewards."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from pipelines.cli.screen import HomeOption, JsonOption, as_json, screen, table

if TYPE_CHECKING:
    from identity.keeping.review import Decision
    from identity.showing.queue import Queue
    from identity.showing.sides import Side
    from warehouse.home import Home

app = typer.Typer(no_args_is_help=True, help="Doubtful people: the questions worth most, and your answers.")
WhoOption = Annotated[str, typer.Option(help="Who decides.", envvar="GUIYI_STEWARD")]
_EFFECT: Final = "下次运行生效 It takes effect in the next run."


@app.command("next")
def next_item(home: HomeOption = None, to_json: JsonOption = False) -> None:
    """Show the open question that is worth most: both sides masked, and the evidence in words.

    Example: guiyi review next --home data
    """
    _, queue = _queue(home)
    left = queue.open()
    if left.is_empty():
        as_json(None) if to_json else screen().print("没有待复核的问题 No open question.")
        return
    item = left.row(0, named=True)
    a, b = queue.sides(item)
    if to_json:
        as_json(item | {"side_a": vars(a), "side_b": vars(b), "n_open": len(left)})
        return
    _print_question(item, a, b, len(left))


@app.command("list")
def list_items(
    home: HomeOption = None,
    top: Annotated[int, typer.Option(help="How many to list.")] = 20,
    to_json: JsonOption = False,
) -> None:
    """List the open questions, most valuable first.

    Example: guiyi review list --top 50 --home data
    """
    _, queue = _queue(home)
    left = queue.open()
    if to_json:
        as_json(left.head(top).to_dicts())
        return
    rows = table(
        "题号 item", "类型 kind", "依据 evidence", "概率 p", "记录 records", "金额 spend", "价值 value", numbers_from=3
    )
    rows.columns[0].no_wrap = True
    for item in left.head(top).iter_rows(named=True):
        rows.add_row(
            item["item_id"], item["kind"], item["words_zh"], f"{item['match_probability']:.2f}",
            f"{item['n_records_at_stake']:,}", f"{item['spend_at_stake']:,.0f}", f"{item['value']:,.1f}",
        )  # fmt: skip
    console = screen()
    console.print(rows)
    held = len(left.filter("holds_export"))
    console.print(
        f"待复核 open {len(left):,} · 已答 answered since the run {len(queue.items) - len(left):,} · "
        f"其中 {held:,} 人在答复前不进入名单 people are kept out of lists until answered"
    )


@app.command()
def decide(
    item_id: Annotated[str, typer.Argument(metavar="ITEM", help="A question, as `guiyi review list` names it.")],
    answer: Annotated[str, typer.Argument(metavar="same|different|not_sure")],
    who: WhoOption,
    note: Annotated[str, typer.Option(help="Why; kept beside the answer, not published.")] = "",
    home: HomeOption = None,
    to_json: JsonOption = False,
) -> None:
    """Answer a question; the answer wins over every later model. Answering again replaces the answer.

    Example: guiyi review decide Q3AA774B404 same --who anna --note "asked in the shop" --home data
    """
    from identity.keeping.review import write_decisions
    from identity.showing.queue import answer_of

    place, queue = _queue(home)
    decision = _decision(queue.item(item_id), answer_of(answer), who, note)
    write_decisions(place.identity, [decision])
    if to_json:
        as_json(vars(decision))
        return
    screen().print(f"{decision.item_id}: {decision.decision} ({who}). {_EFFECT}")


@app.command()
def withdraw(
    item_id: Annotated[str, typer.Argument(metavar="ITEM", help="A question that was answered.")],
    who: WhoOption,
    note: Annotated[str, typer.Option(help="Why; kept beside the answer, not published.")] = "",
    home: HomeOption = None,
    to_json: JsonOption = False,
) -> None:
    """Take an answer back: the question is open again, and the next run knows nothing of the answer.

    Example: guiyi review withdraw Q3AA774B404 --who anna --home data
    """
    from identity.keeping.review import write_decisions
    from identity.showing.queue import withdrawal_of
    from pipelines.resources import utc_now

    place, queue = _queue(home)
    decision = withdrawal_of(queue, item_id, who, utc_now(), note)
    write_decisions(place.identity, [decision])
    if to_json:
        as_json(vars(decision))
        return
    screen().print(f"{decision.item_id}: 已撤回 withdrawn ({who}). {_EFFECT}")


@app.command("export")
def export_items(
    out: Annotated[Path, typer.Argument(help="The CSV file to write.")],
    home: HomeOption = None,
    top: Annotated[int, typer.Option(help="How many questions.")] = 200,
) -> None:
    """Write open questions as CSV for a team: both sides masked, columns to fill in.

    Example: guiyi review export questions.csv --top 100 --home data
    """
    import polars as pl

    from segments.exporting.cells import encode_csv, safe

    _, queue = _queue(home)
    rows = [_exported(item, *queue.sides(item)) for item in queue.open().head(top).iter_rows(named=True)]
    columns = [*_exported_columns()]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")
    out.write_bytes(encode_csv(frame.with_columns(safe(pl.col(name)).alias(name) for name in columns), "utf-8-sig"))
    screen().print(f"{len(rows):,} 题 questions → {out}")
    screen().print(
        "填写 decision（same、different、not_sure）后导入 Fill in decision, then: guiyi review import " + str(out)
    )


@app.command("import")
def import_answers(
    file: Annotated[Path, typer.Argument(help="A CSV as `guiyi review export` writes it, with answers filled in.")],
    who: Annotated[
        str, typer.Option(help="Who decided, where the column `who` is empty.", envvar="GUIYI_STEWARD")
    ] = "",
    home: HomeOption = None,
    to_json: JsonOption = False,
) -> None:
    """Take a team's answers in: all of the file, or none of it where a line is wrong.

    Example: guiyi review import questions.csv --who anna --home data
    """
    from identity.keeping.review import write_decisions

    place, queue = _queue(home)
    answers, blank, known = [], 0, 0
    for number, line in enumerate(_read(file), start=2):
        answer = (line.get("decision") or "").strip()
        if not answer:
            blank += 1
            continue
        decision = _of_line(queue, line, who, f"{file.name} line {number}")
        before = queue.answered.get(decision.item_id)
        if before and before.decision == decision.decision:
            known += 1
            continue
        answers.append(decision)
    write_decisions(place.identity, answers)
    counts = {"imported": len(answers), "blank": blank, "known_already": known}
    if to_json:
        as_json(counts)
        return
    screen().print(f"导入 imported {len(answers):,} · 空白 blank {blank:,} · 已有 known already {known:,}. {_EFFECT}")


def _queue(home: Path | None) -> "tuple[Home, Queue]":
    from identity.showing.queue import read_queue
    from pipelines.resources import home_path
    from warehouse.home import Home

    place = Home(home_path(home))
    run_id = place.require_published()
    identity = place.snapshot(run_id) / "tables" / "identity"
    return place, read_queue(identity, place.vault / run_id / "touchpoints", place.identity, run_id)


def _decision(item: dict[str, Any], answer: str, who: str, note: str) -> "Decision":
    from identity.showing.queue import decision_of
    from pipelines.resources import utc_now

    return decision_of(item, answer, who, utc_now(), note)


def _of_line(queue: "Queue", line: dict[str, str], who: str, where: str) -> Any:
    from common.errors import UsageError
    from identity.showing.queue import answer_of

    answer = answer_of(line["decision"], f"{where}: ")
    try:
        item = queue.item(line.get("item_id") or "")
        return _decision(item, answer, (line.get("who") or "").strip() or who, line.get("note") or "")
    except UsageError as problem:
        raise UsageError(f"{where}: {problem} Nothing was imported.") from problem


def _read(file: Path) -> list[dict[str, str]]:
    from common.errors import UsageError

    if not file.exists():
        raise UsageError(f"There is no file {file}; write one with `guiyi review export {file}`.")
    content = file.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:  # Excel on a Chinese Windows saves CSV so
        text = content.decode("gb18030", errors="replace")
    lines = list(csv.DictReader(text.splitlines()))
    if lines and not {"item_id", "decision"} <= set(lines[0]):
        raise UsageError(f"{file.name} has no columns item_id and decision; fill in a file of `guiyi review export`.")
    return lines


def _exported_columns() -> list[str]:
    from identity.showing.sides import FACTS

    facts = [f"{side}_{key}" for key in FACTS for side in "ab"]
    return ["item_id", "question", "value", "probability", "evidence_zh", "evidence", *facts, "decision", "who", "note"]


def _exported(item: dict[str, Any], a: "Side", b: "Side") -> list[str]:
    from identity.showing.queue import QUESTIONS
    from identity.showing.sides import FACTS

    facts = ["、".join(side.facts.get(key, ())) for key in FACTS for side in (a, b)]
    shown = [f"{item['value']:.2f}", f"{item['match_probability']:.3f}", item["words_zh"] or "", item["words"] or ""]
    return [item["item_id"], " ".join(QUESTIONS[item["kind"]]), *shown, *facts, "", "", ""]


def _print_question(item: dict[str, Any], a: "Side", b: "Side", n_open: int) -> None:
    from identity.showing.queue import QUESTIONS
    from identity.showing.sides import FACTS

    console = screen()
    console.print(f"[bold]{item['item_id']}[/] · {' '.join(QUESTIONS[item['kind']])} · 待复核 open {n_open:,}\n")
    names = [
        side.one_id if item["kind"] == "pair" else f"{side.one_id} · {part}" for side, part in ((a, "A"), (b, "B"))
    ]
    rows = table("", *(f"{name} ({side.n_records})" for name, side in zip(names, (a, b), strict=True)), numbers_from=9)
    for key, (zh, en) in FACTS.items():
        if a.facts.get(key) or b.facts.get(key):
            rows.add_row(f"{zh} {en}", *("\n".join(side.facts.get(key, ["–"])) for side in (a, b)))
    rows.caption = "✓ 两边相同 the same on both sides"
    rows.caption_justify = "left"
    console.print(rows)
    console.print(f"依据 evidence: {item['words_zh']}\n  {item['words']}", markup=False, soft_wrap=True)
    console.print(
        f"模型 model: p = {item['match_probability']:.3f} · 价值 value {item['value']:,.1f} = "
        f"{item['uncertainty_bits']:.2f} bit × ({item['n_records_at_stake']} 条 records + "
        f"{item['spend_at_stake']:,.0f} 元折合的单数 spend in orders)\n",
        markup=False,
    )
    console.print(f"guiyi review decide {item['item_id']} same|different|not_sure --who NAME --note WHY", markup=False)
