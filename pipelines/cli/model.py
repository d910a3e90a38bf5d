"""`guiyi model list|show|train|compare|promote`: the models that score, for whoever answers for the OneIDs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pipelines.cli.screen import HomeOption, JsonOption, as_json, errors, screen, table

if TYPE_CHECKING:
    from identity.keeping.keeping import Keeping
    from identity.measuring.expected import Expected
    from identity.scoring.models_compare import Comparison, Outcome
    from warehouse.home import Home

app = typer.Typer(no_args_is_help=True, help="Scoring models: train one, look at it, compare, promote.")
NameArgument = Annotated[str, typer.Argument(metavar="MODEL", help="As `guiyi model list` names it.")]


@app.command("list")
def list_models(home: HomeOption = None, to_json: JsonOption = False) -> None:
    """List the models: the shipped one, the versions, the candidates that were trained and are not used.

    Example: guiyi model list --home data
    """
    from dataclasses import asdict

    from identity.scoring.models_store import stored
    from identity.scoring.retail import RETAIL

    found = stored(_place(home).models, RETAIL)
    if to_json:
        as_json([asdict(one) for one in found])
        return
    rows = table("", "模型 model", "来历 note", title="评分模型 Scoring models", numbers_from=9)
    for one in found:
        note = ", ".join(f"{name} {value}" for name, value in one.note.items())
        rows.add_row("→" if one.is_serving else "", one.name, note or "–")
    console = screen()
    console.print(rows)
    console.print("→ 下次运行使用 the next run scores with it")


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="[MODEL]", help="A model; else the one that serves.")] = "",
    report: Annotated[bool, typer.Option("--report", help="Print the report of its training too.")] = False,
    home: HomeOption = None,
    to_json: JsonOption = False,
) -> None:
    """Show a model's levels: m, u and the match weight of each, and what is known of its training.

    Example: guiyi model show splink-0001 --report --home data
    """
    from identity.scoring.models_store import levels, load_model, report_of, serving, stored
    from identity.scoring.retail import RETAIL

    models = _place(home).models
    model = load_model(models, name or serving(models, RETAIL), RETAIL)
    note = next(one.note for one in stored(models, RETAIL) if one.name == model.name)
    if to_json:
        told = {"model": model.name, "note": note, "levels": levels(model).to_dicts()}
        as_json(told | ({"report": report_of(models, model.name)} if report else {}))
        return
    rows = table(
        "比较 comparison", "级别 level", "m", "u", "权重 weight",
        title=f"模型 Model {model.name} · 权重为 log2(m/u) weights are log2(m/u)", numbers_from=2,
    )  # fmt: skip
    for row in levels(model).iter_rows(named=True):
        rows.add_row(
            _comparison(row["comparison"]), _level(row["label"]), f"{row['m']:.4f}", f"{row['u']:.3g}",
            f"{row['weight']:+.2f}",
        )  # fmt: skip
    console = screen()
    console.print(rows)
    for fact, value in note.items():
        console.print(f"{fact}: {value}", markup=False)
    if report:
        console.print(report_of(models, model.name) or "没有训练报告 No report was kept.", markup=False)


@app.command()
def train(home: HomeOption = None, to_json: JsonOption = False) -> None:
    """Train a candidate on the records of the published run; no run uses it until it is promoted.

    Example: guiyi model train --home data
    """
    from dataclasses import asdict

    from identity.scoring.models_store import train_candidate
    from identity.scoring.retail import RETAIL
    from pipelines.resources import utc_now

    place = _place(home)
    note = {"trained_on": place.require_published(), "trained_at": utc_now().isoformat(timespec="seconds")}
    with _waiting("训练 training"):
        made = train_candidate(place.models, _touchpoints(place), RETAIL, note, registry=_keeping(place).registry)
    if to_json:
        as_json(asdict(made))
        return
    console = screen()
    console.print(
        f"[bold]{made.name}[/] 已训练，尚未使用 is trained and not used yet: "
        f"{made.note['n_descriptions']:,} descriptions of {made.note['n_people']:,} people"
    )
    console.print(f"下一步 next: guiyi model compare {made.name} · guiyi model promote {made.name}")


@app.command()
def compare(
    first: NameArgument,
    second: Annotated[str, typer.Argument(metavar="[MODEL]", help="Another; else the first beside what serves.")] = "",
    home: HomeOption = None,
    to_json: JsonOption = False,
) -> None:
    """Tell what another model would change: weights, and the people it would make of the published run's records.

    Nothing is published; both models resolve the records in a folder that is thrown away.

    Example: guiyi model compare splink-0001 candidate-0001 --home data
    """
    import os

    from common.keys import load_key
    from identity.pipeline import resolve
    from identity.scoring.models_compare import Ground, compare_models
    from identity.scoring.models_store import load_model, serving
    from identity.scoring.retail import RETAIL

    place = _place(home)
    names = (first, second) if second else (serving(place.models, RETAIL), first)
    a, b = (load_model(place.models, name, RETAIL) for name in names)
    run_id = place.require_published()
    with _waiting("比较 comparing") as told:
        ground = Ground(
            touchpoints=_touchpoints(place), scratch=place.building, models=place.models,
            previous=place.snapshot(run_id) / "tables" / "identity", keeping=_keeping(place),
            key=load_key(place.vault, configured=os.environ.get("GUIYI_KEY")),
        )  # fmt: skip
        found = compare_models(resolve, a, b, ground, RETAIL, told)
    if to_json:
        as_json(_plain(a.name, b.name, found))
        return
    _print(a.name, b.name, found)


@app.command()
def promote(name: NameArgument, home: HomeOption = None, to_json: JsonOption = False) -> None:
    """Make a model the one that the next run scores with; it gets the next version number.

    Example: guiyi model promote candidate-0001 --home data
    """
    from identity.scoring.models_store import promote as make_serving
    from identity.scoring.retail import RETAIL
    from pipelines.resources import utc_now

    place = _place(home)
    with place.lock():
        note = {"promoted_at": utc_now().isoformat(timespec="seconds")}
        version = make_serving(place.models, name, RETAIL, note)
    if to_json:
        as_json({"model": version, "promoted_from": name})
        return
    if version == name:
        screen().print(f"{name} 已在使用 serves already.")
        return
    screen().print(
        f"{name} 现为 is now [bold]{version}[/], 下次运行使用 the next run scores with it. "
        "更换模型会变更部分 OneID Some OneIDs will change; the churn budget holds."
    )


def _place(home: Any) -> "Home":
    from pipelines.resources import home_path
    from warehouse.home import Home

    return Home(home_path(home))


def _keeping(place: "Home") -> "Keeping":
    from identity.keeping.keeping import Keeping

    return Keeping(folder=place.identity)


def _touchpoints(place: "Home") -> Path:
    from common.errors import UsageError

    folder = place.vault / place.require_published() / "touchpoints"
    if not folder.exists():
        raise UsageError("The published run's canonical tables are not in the vault; run again first.")
    return folder


def _waiting(text: str) -> Any:
    """A spinner while a person watches; gives a function that says what is being done."""
    from contextlib import contextmanager

    @contextmanager
    def waiting() -> Any:
        console = errors()
        if not console.is_terminal:
            yield lambda told: None
            return
        with console.status(text) as status:
            yield lambda told: status.update(f"{text} {told}")

    return waiting()


def _comparison(name: str) -> str:
    from identity.showing.words import COMPARISONS

    return f"{COMPARISONS.get(name, '')} {name}".strip()


def _level(label: str) -> str:
    from identity.showing.words import LEVELS

    return f"{LEVELS.get(label, '')} {label}".strip()


def _plain(a: str, b: str, found: "Comparison") -> dict[str, Any]:
    from dataclasses import asdict

    told = {name: value for name, value in asdict(found).items() if name not in ("weights", "example")}
    lists = {"weights": found.weights.to_dicts(), "example": found.example.to_dicts()}
    return {"models": [a, b]} | told | lists


def _print(a: str, b: str, found: "Comparison") -> None:
    console = screen()
    rows = table("比较 comparison", "级别 level", a, b, "变化 change", title="权重 Match weights, bits", numbers_from=2)
    for row in found.weights.iter_rows(named=True):
        weights = [_signed(row[name]) for name in ("weight_a", "weight_b", "change")]
        rows.add_row(_comparison(row["comparison"]), _level(row["label"]), *weights)
    console.print(rows)
    rows = table("", a, b, title="结果 What each makes of the records", numbers_from=1)
    for label, of in _FACTS:
        rows.add_row(label, of(found.a), of(found.b))
    console.print(rows)
    share = found.n_changed / found.n_records if found.n_records else 0.0
    console.print(
        f"换用 {b} 后 With {b}: {found.n_changed:,} / {found.n_records:,} 条记录将变更 OneID "
        f"records would change OneID ({share:.2%}); 合并 {found.n_merged:,} merges, 拆分 {found.n_split:,} splits",
        soft_wrap=True,
    )
    if found.example.height:
        rows = table(
            "",
            "OneID",
            "另一侧 of the other side",
            "记录 records",
            title="最大的变化 The largest changes",
            numbers_from=3,
        )
        for row in found.example.iter_rows(named=True):
            kind = {"merge": "合并 merge", "split": "拆分 split"}[row["kind"]]
            rows.add_row(kind, row["one_id"], ", ".join(row["others"]), f"{row['n_records']:,}")
        console.print(rows)


def _range(found: "Expected") -> str:
    return f"{found.value:,.1f} ({found.low:,.1f}–{found.high:,.1f})"


def _people(found: "Outcome") -> str:
    return f"{found.n_people:,}"


_FACTS = (
    ("人 people", _people),
    ("预期误并 expected false links", lambda found: _range(found.false_links)),
    ("预期漏并 expected misses", lambda found: _range(found.misses)),
    ("虚构样本精确率 canary precision", lambda found: f"{found.canary_precision:.2%}"),
    ("虚构样本召回率 canary recall", lambda found: f"{found.canary_recall:.2%}"),
)


def _signed(weight: float | None) -> str:
    return "–" if weight is None else f"{weight:+.2f}"
