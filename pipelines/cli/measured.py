"""`guiyi evaluate` and `guiyi quality`: how right the OneIDs are, with a truth file and without."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from pipelines.cli.screen import HomeOption, JsonOption, as_json, screen, table

if TYPE_CHECKING:
    import polars as pl
    from rich.table import Table

    from identity.measuring.evaluate import Evaluation
    from warehouse.home import Home

_HISTOGRAM: Final = "cluster_size"
_STATES: Final = {"ok": "✓", "warn": "⚠", "stop": "✗"}


def register(app: typer.Typer) -> None:
    """Add these commands to the app."""
    app.command()(evaluate)
    app.command()(quality)


@dataclass(frozen=True)
class Compared:
    """OneIDs against a truth: the figures, the lines by phenomenon, the mistakes by cause."""

    figures: "Evaluation"
    phenomena: "pl.DataFrame"
    mistakes: "pl.DataFrame"


def evaluate(
    truth: Annotated[
        Path, typer.Option(help="Parquet or CSV: source, account, record_type, natural_key, role, person_id.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Write the tables as CSV and the charts as SVG here.", show_default=False)
    ] = None,
    home: HomeOption = None,
    to_json: JsonOption = False,
) -> None:
    """Compare the published OneIDs with a truth file: precision and recall, by phenomenon, and mistakes by cause.

    Example: guiyi evaluate --home data/demo --truth data/demo/truth/party.parquet --out quality
    """
    from pipelines.resources import home_path
    from pipelines.summary import evaluation_table
    from warehouse.home import Home

    found = compare(Home(home_path(home)), truth)
    if out:
        _write(out, found)
    if to_json:
        lists = {"phenomena": found.phenomena.to_dicts(), "mistakes": found.mistakes.to_dicts()}
        as_json(found.figures.as_dict() | lists)
        return
    console = screen()
    console.print(evaluation_table(found.figures))
    if len(found.phenomena) > 2:  # `all` and `plain` alone tell nothing new
        console.print(_phenomena(found.phenomena))
    console.print(_mistakes(found.mistakes))
    if out:
        console.print(f"表与图 tables and charts: {out}", soft_wrap=True, markup=False)


def compare(place: "Home", truth: Path) -> Compared:
    """The published OneIDs of a home against a truth file.

    Raises:
        UsageError: there is no such file, or it is no truth of these records.
    """
    import os

    import polars as pl

    from common.errors import UsageError
    from common.keys import load_key
    from identity.measuring.evaluate import compared, evaluate_parties, evaluate_phenomena
    from identity.measuring.mistakes import mistakes
    from identity.registry import load_registry

    if not truth.exists():
        raise UsageError(f"There is no truth file {truth}; name a Parquet or CSV file with --truth.")
    run_id = place.require_published()
    tables = place.snapshot(run_id) / "tables" / "identity"
    record_map, key = tables / "record_map.parquet", load_key(place.vault, configured=os.environ.get("GUIYI_KEY"))
    touchpoints = place.vault / run_id / "touchpoints"
    known = compared(record_map, truth, key)
    return Compared(
        evaluate_parties(*known),
        evaluate_phenomena(record_map, truth, key),
        mistakes(
            known[0], pl.read_parquet(tables / "edge.parquet"), touchpoints if touchpoints.exists() else None,
            load_registry(),
        ),
    )  # fmt: skip


def _write(out: Path, found: Compared) -> None:
    import polars as pl

    from identity.showing.charts import measures_chart, mistakes_chart, phenomena_chart

    out.mkdir(parents=True, exist_ok=True)
    figures = found.figures.as_dict()
    pl.DataFrame({"measure": list(figures), "value": [float(v) for v in figures.values()]}).write_csv(
        out / "measures.csv"
    )
    found.phenomena.write_csv(out / "phenomena.csv")
    found.mistakes.write_csv(out / "mistakes.csv")
    charts = {
        "measures": measures_chart(found.figures, "归一质量 OneIDs against the truth"),
        "phenomena": phenomena_chart(found.phenomena, "分现象质量 Quality by phenomenon"),
        "mistakes": mistakes_chart(found.mistakes, "错误成因 Mistakes by cause"),
    }
    for name, drawn in charts.items():
        (out / f"{name}.svg").write_text(drawn, encoding="utf-8")


def _phenomena(lines: "pl.DataFrame") -> "Table":
    from identity.showing.charts import PHENOMENA_ZH

    made = table(
        "现象", "phenomenon", "人\npeople", "精确率\nprecision", "可达召回率\nrecall, reachable",
        "误并\nmerged wrongly", "漏并\nsplit",
        title="分现象 By phenomenon, pairs with at least one such party", numbers_from=2,
    )  # fmt: skip
    for row in lines.iter_rows(named=True):
        made.add_row(
            PHENOMENA_ZH.get(row["phenomenon"], ""), row["phenomenon"], f"{row['n_persons']:,}",
            f"{row['pairwise_precision']:.2%}", f"{row['pairwise_recall_reachable']:.2%}",
            f"{row['n_wrongly_merged']:,} · {row['wrongly_merged_rate']:.2%}",
            f"{row['n_split']:,} · {row['split_rate']:.2%}",
        )  # fmt: skip
    return made


def _mistakes(found: "pl.DataFrame") -> "Table":
    made = table(
        "错误",
        "原因 cause",
        "结果 outcome",
        "现象 phenomena",
        "数 n",
        title="错误成因 Mistakes by cause",
        numbers_from=4,
    )
    groups: dict[tuple[str, str, str], list[tuple[int, str]]] = {}
    for error, cause, outcome, phenomenon, n in found.iter_rows():
        groups.setdefault((error, cause, outcome), []).append((n, phenomenon))
    names = {"merge": "误并 merge", "split": "漏并 split"}
    for (error, cause, outcome), parts in sorted(groups.items(), key=lambda g: (g[0][0], -sum(n for n, _ in g[1]))):
        phenomena = ", ".join(f"{phenomenon} {n:,}" for n, phenomenon in sorted(parts, key=lambda p: -p[0])[:4])
        made.add_row(names[error], cause, outcome, phenomena, f"{sum(n for n, _ in parts):,}")
    if not groups:
        made.add_row("没有错误 none", "", "", "", "0")
    return made


def quality(
    runs: Annotated[int, typer.Option(min=1, help="So many runs, the newest first, beside each other.")] = 2,
    every: Annotated[bool, typer.Option("--every", help="Each source and comparison on a line of its own.")] = False,
    home: HomeOption = None,
    to_json: JsonOption = False,
) -> None:
    """Show what every run measured of its OneIDs, no truth needed: guards, expected errors, drift, canaries.

    Example: guiyi quality --home data/demo
    """
    from pipelines.cli.people import published

    with published(home) as con:
        history = con.sql("select distinct run_id from identity.quality order by run_id desc").fetchall()
        chosen = [row[0] for row in _by_publication(con, [r[0] for r in history])][:runs]
        rows = _dicts(con, "select * from identity.quality where run_id in $runs", chosen)
        canaries = _dicts(con, "select * from identity.canary_quality where run_id in $runs", chosen[:1])
    if to_json:
        as_json({"runs": chosen, "quality": rows, "canaries": canaries})
        return
    console = screen()
    console.print(_quality(rows, chosen, every=every))
    console.print(_histogram(rows, chosen[0]), soft_wrap=True)
    console.print(_canaries(canaries))


def _quality(rows: list[dict[str, Any]], runs: list[str], *, every: bool) -> "Table":
    """One line a metric, the runs beside each other; parts that are all within their limits are one line."""
    title = "归一质量 OneID quality, every run"
    made = table("", "指标 metric", *runs, "界限 limit", "含义 meaning", title=title, numbers_from=9)
    lines: dict[str, dict[str, dict[str, dict[str, Any]]]] = {}
    for row in rows:
        lines.setdefault(row["metric"], {}).setdefault(row["part"], {})[row["run_id"]] = row
    for metric, parts in lines.items():
        newest = [by_run[runs[0]] for by_run in parts.values() if runs[0] in by_run]
        if not newest or metric == _HISTOGRAM:
            continue
        words = f"{newest[0]['meaning_zh']} {newest[0]['meaning']}"
        if len(parts) > 1 and not every and all(row["state"] == "ok" for row in newest):
            made.add_row(_STATES["ok"], f"{metric} ({len(parts)})", *(_span(parts, run) for run in runs), "", words)
            continue
        for row in newest:
            limit = "" if row["limit_value"] is None else f"{row['limit_value']:g}"
            shown = [_value(parts[row["part"]].get(run)) for run in runs]
            made.add_row(_STATES[row["state"]], f"{metric} {row['part']}".strip(), *shown, limit, words)
            words = ""
    return made


def _span(parts: dict[str, dict[str, dict[str, Any]]], run: str) -> str:
    values = [by_run[run]["value"] for by_run in parts.values() if run in by_run]
    return f"{min(values):.3g}–{max(values):.3g}" if values else "–"


def _histogram(rows: list[dict[str, Any]], run: str) -> str:
    sizes = [f"{r['part']}: {r['value']:,.0f}" for r in rows if r["metric"] == _HISTOGRAM and r["run_id"] == run]
    return "人数按记录角色数 People by parties  " + " · ".join(sizes)


def _value(row: dict[str, Any] | None) -> str:
    if row is None:
        return "–"
    value = f"{row['value']:,.0f}" if float(row["value"]).is_integer() else f"{row['value']:,.4g}"
    return value if row["low"] is None else f"{value} ({row['low']:,.3g}–{row['high']:,.3g})"


def _canaries(rows: list[dict[str, Any]]) -> "Table":
    made = table(
        "现象 phenomenon", "人 people", "精确率 precision", "召回率 recall", "误并 merged wrongly", "漏并 split",
        title="虚构样本 Canaries: invented people of known truth, found by the last run", numbers_from=1,
    )  # fmt: skip
    for row in rows:
        made.add_row(
            row["phenomenon"], f"{row['n_persons']:,}", f"{row['pairwise_precision']:.2%}",
            f"{row['pairwise_recall']:.2%}", f"{row['n_wrongly_merged']:,}", f"{row['n_split']:,}",
        )  # fmt: skip
    return made


def _by_publication(con: Any, runs: list[str]) -> list[tuple[str]]:
    """The runs from the newest, by when they began: run ids sort by their as-of date."""
    return list(
        con.execute(
            "select run_id from ops.run where run_id in $runs order by started_at desc, run_id desc", {"runs": runs}
        ).fetchall()
    )


def _dicts(con: Any, query: str, runs: list[str]) -> list[dict[str, Any]]:
    found = con.execute(query, {"runs": runs})
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
