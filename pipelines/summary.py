"""What a person reads at the end of a run: figures as tables, Chinese beside English, and what to try next.

Where the figures come from is in `figures`.
"""

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from common.labels import names
from pipelines.cli.screen import table
from pipelines.figures import Figures, collect
from warehouse.home import Home
from warehouse.report import REPORT

if TYPE_CHECKING:
    from identity.measuring.evaluate import Evaluation
    from pipelines.run import RunOutcome

CHANNELS: Final = {"sms": "短信", "email": "邮件", "wechat_oa": "公众号", "wecom": "企业微信", None: "–"}
_STEPS: Final = {
    "touchpoints": "读取触点 reading files ·",
    "identity": "归一 resolving people ·",
    "gate_landing": "校验文件 checking files",
    "gate_identity": "校验归一 checking people",
    "gate_customer_360": "校验全景 checking profiles",
    "gate_exports": "校验导出 checking exports",
    "warehouse__candidate": "装配快照 assembling the snapshot",
    "warehouse__published": "发布 publishing",
}
_GROUPS: Final = {"profiles": "画像 profiling", "segments": "导出人群 exporting"}


def step_label(step: str) -> str:
    """What a step is called while it runs."""
    group, _, name = step.replace("__", "_").partition("_")
    return _STEPS.get(step) or f"{_GROUPS.get(group, '建模 modelling')} {name or group}"


def show_summary(
    console: Console,
    home: Home,
    *,
    outcome: "RunOutcome",
    evaluation: "Evaluation | None" = None,
) -> None:
    """Print the end of a run.

    Args:
        console: where to.
        home: the home that was run.
        outcome: how the run went.
        evaluation: comparison with the truth, where there is one.
    """
    figures = collect(home)
    show_figures(console, figures)
    if evaluation:
        console.print(evaluation_table(evaluation))
    for check in outcome.failed_checks:
        console.print(Text(f"⚠ {check}", style="yellow"))
    console.print()
    console.print(_audiences(figures))
    if figures.audiences:
        folder = Path(figures.audiences[0]["csv"]).parents[2]
        # A path is for copying: it is never broken to fit the window.
        console.print(f"CSV: {folder}/<audience>/{figures.run_id}/<audience>.csv", soft_wrap=True, markup=False)
    if figures.alerts:
        text = f"⚠ {len(figures.alerts)} 项来源提醒，见上 source alerts, told above"
        console.print(Text(text, style="yellow"))
    console.print(
        f"[bold green]✓[/] 已发布 published [bold]{figures.run_id}[/] in {outcome.seconds:.0f} s → {home.warehouse}"
    )
    report = home.snapshot(figures.run_id) / REPORT
    console.print(f"运行报告 Report, opens in any browser: {report}", soft_wrap=True, markup=False)
    console.print(_next(home, figures))


def show_figures(console: Console, figures: Figures) -> None:
    """Print what came in, who was found, and what they are worth."""
    console.print()
    console.print(f"[bold]运行 Run {figures.run_id}[/] · 截至 as of {figures.as_of}\n")
    console.print(_files(figures))
    if figures.rejects or figures.unusable:
        console.print(_rejects(figures))
    for row in figures.alerts:
        text = f"⚠ {row['expectation']} {row['source']}/{row['account']}: {row['message_zh']} {row['message']}"
        console.print(Text(text, style="yellow"), soft_wrap=True)
    console.print(_people(figures))
    console.print(_quality(figures))
    console.print(_stages(figures))
    console.print(_value(figures))


def evaluation_table(found: "Evaluation") -> Table:
    """OneIDs against the truth: over all pairs, and over those that the files allow anyone to know."""
    persons = f"{found.n_persons:,} 真实的人 true persons"
    made = table(
        "",
        "精确率\nprecision",
        "可达召回率\nrecall, reachable",
        "全部召回率\nrecall, all",
        "F1\nreachable",
        title=f"归一质量 OneIDs against the truth · {persons}",
    )
    made.add_row(
        "成对 pairwise",
        *_shares(
            found.pairwise_precision,
            found.pairwise_recall_reachable,
            found.pairwise_recall,
            found.pairwise_f1_reachable,
        ),
    )
    made.add_row(
        "B-cubed",
        *_shares(
            found.b_cubed_precision, found.b_cubed_recall_reachable, found.b_cubed_recall, found.b_cubed_f1_reachable
        ),
    )
    made.add_row(
        "整人 whole clusters",
        *_shares(
            found.cluster_precision_reachable, found.exact_person_rate, found.cluster_recall, found.cluster_f1_reachable
        ),
    )
    made.caption = (
        f"完全正确 exactly right: {found.exact_person_rate:.1%}\n"
        f"文件中可归并的组 groups that the files allow anyone to put together: {found.n_components:,}; "
        f"OneID: {found.n_one_ids:,}\n"
        "记录间无任何共同线索时，同一人也会分开 records of one person that share no clue stay apart"
    )
    made.caption_justify = "left"
    return made


def _shares(*values: float) -> list[str]:
    return [f"{value:.2%}" for value in values]


def _files(figures: Figures) -> Table:
    made = table(
        "来源",
        "source",
        "文件\nfiles",
        "行\nrows",
        "采用\naccepted",
        "重复\nrepeats",
        "拒收\nrejected",
        title="文件 Files in",
        numbers_from=2,
    )
    counts = ["n_files", "n_read", "n_accepted", "n_repeated", "n_rejected"]
    if any(row["n_unread"] for row in figures.sources):
        made.add_column("未识别\nunread", justify="right")
        counts.append("n_unread")
    for row in figures.sources:
        made.add_row(
            names("source").get(row["source"], ("",))[0], row["source"], *(f"{row[name] or 0:,}" for name in counts)
        )
    made.add_section()
    made.add_row("合计", "total", *(f"{sum(row[name] or 0 for row in figures.sources):,}" for name in counts))
    return made


def _rejects(figures: Figures) -> Group:
    made = table("原因 reason", "代码 code", "行 rows", title="拒收 Rejected rows", numbers_from=2)
    for row in figures.rejects:
        made.add_row(" ".join(names("reject_reason").get(row["reason"], ())), row["reason"], f"{row['n_rows']:,}")
    notes = [
        Text(f"  {row['status']}: {row['path']} {row.get('note_zh') or ''} {row['note'] or ''}", style="dim")
        for row in figures.unusable
    ]
    return Group(*([made] if figures.rejects else []), *notes, Text())


def _people(figures: Figures) -> Text:
    p = figures.people
    return Text.from_markup(
        f"[bold]找到 {p['n_people']:,} 人 people found[/] from {p['n_parties']:,} 条身份记录 identity records\n"
        f"  {p['n_in_several_sources']:,} 跨来源 in several sources · {p['n_buyers']:,} 已购 buyers · "
        f"{p['n_members']:,} 会员 members · {p['n_reachable']:,} 可触达 reachable\n"
    )


def _quality(figures: Figures) -> Text:
    """What of the OneIDs is past its limit; all of it is shown by `guiyi quality`."""
    if not figures.quality:
        return Text("归一质量 OneID quality: ✓ 均在界限内 all within limits · guiyi quality\n")
    told = Text("归一质量 OneID quality · guiyi quality\n")
    for row in figures.quality:
        name = f"{row['metric']} {row['part']}".strip()
        value = f"{row['value']:.4g}, 界限 limit {row['limit_value']:g}"
        told.append(f"  ⚠ {name} {value}: {row['meaning_zh']} {row['meaning']}\n", style="yellow")
    return told


def _stages(figures: Figures) -> Table:
    made = table(
        "阶段",
        "stage",
        "人 people",
        "近一年净额 net 365 d",
        "未来一年毛利 CLV 12 m, margin",
        title="生命周期 Lifecycle",
        numbers_from=2,
    )
    for row in figures.stages:
        made.add_row(
            row["stage_zh"],
            names("lifecycle_stage").get(row["stage"], (row["stage"],) * 2)[1],
            f"{row['n_people']:,}",
            _money(row["net_365d_cny"]),
            _money(row["clv_12m_cny"]),
        )
    return made


def _value(figures: Figures) -> Group:
    value = figures.value
    facts = [
        ("累计净额 net so far", _money(value["net_all_cny"])),
        ("近一年净额 net in 365 days", _money(value["net_365d_cny"])),
        ("前 10% 客户占比 held by the top tenth", f"{value['top_tenth_share'] or 0:.0%}"),
    ]
    if value["clv_12m_cny"] is not None:
        facts += [
            ("仍是客户 still customers", f"{value['n_alive']:,.0f}"),
            ("未来一年购买 purchases expected in a year", f"{value['expected_purchases_365d']:,.0f}"),
            ("未来一年毛利现值 margin of that, CLV 12 m", _money(value["clv_12m_cny"])),
        ]
    made = table("", "", title="客户资产 Customer base")
    made.show_header = False
    for label, shown in facts:
        made.add_row(label, shown)
    return Group(made, *([Text(value["gate"], style="yellow")] if value["gate"] else []))


def _audiences(figures: Figures) -> Table:
    made = table(
        "人群",
        "audience",
        "渠道",
        "符合\nmatch",
        "可发\nCSV",
        title="人群导出 Audiences exported",
        numbers_from=3,
    )
    for row in figures.audiences:
        made.add_row(
            row["label_zh"],
            row["audience"],
            CHANNELS.get(row["channel"], row["channel"]),
            f"{row['n_matching']:,}",
            f"{row['n_rows']:,}",
        )
    return made


def _next(home: Home, figures: Figures) -> Text:
    audience = figures.audiences[0]["audience"] if figures.audiences else "silent_high_value"
    guiyi = _command()
    commands = [
        ("打开控制台 open the console in a browser", f"{guiyi} console --home {home.path}"),
        ("看一个人群 look at an audience, masked", f"{guiyi} segment preview {audience} --home {home.path}"),
    ]
    if figures.valued_person:
        commands += [
            ("看一位客户 look at one customer", f"{guiyi} profile {figures.valued_person} --home {home.path}"),
            ("为何是同一人 why it is one person", f"{guiyi} explain {figures.valued_person} --home {home.path}"),
        ]
    text = Text("\n接下来 Try next\n", style="bold")
    for label, command in commands:
        text.append(f"  {label}\n", style="not bold dim").append(f"    {command}\n", style="not bold cyan")
    return text


def _command() -> str:
    """How this program is called from here: by name where the shell finds it, else by its path."""
    if shutil.which("guiyi"):
        return "guiyi"
    program = Path(sys.executable).with_name("guiyi")
    return str(program.relative_to(Path.cwd())) if program.is_relative_to(Path.cwd()) else str(program)


def _money(value: float | None) -> str:
    return "–" if value is None else f"¥{value:,.0f}"
