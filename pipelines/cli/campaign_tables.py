"""A campaign's report on the screen: two tables that fit into 80 columns, piped or watched."""

from typing import TYPE_CHECKING, Any, Final

from pipelines.cli.screen import table

if TYPE_CHECKING:
    from rich.console import Console

    from segments.api import CampaignReport

_TITLES: Final = {
    "arm": ("分组", "arm"), "channel": ("渠道", "channel"), "store": ("门店", "store"), "staff": ("员工", "staff"),
}  # fmt: skip
_VERDICTS: Final = {
    "not shown": "未显示 not shown", "too small": "样本过小 too small", "no holdout": "无对照 no holdout",
}  # fmt: skip
_VALUES: Final = {
    "holdout": "对照组 holdout", "unknown": "未知 unknown", "all": "全部 all", "unlisted": "名单外 unlisted",
}  # fmt: skip
_NOTHING: Final = "–"
_WIDEST_NAME: Final = 15


def show_report(console: "Console", report: "CampaignReport") -> None:
    """Prints what was reached, and what it brought."""
    title = f"{report.label.zh} · {report.label.en} " if report.label else ""
    console.print(f"[bold]{title}[/]{report.code}", highlight=False)
    if not report.rows.height:
        console.print("还没有结果 There are no results yet: they come with the next run.")
        return
    first = "\n".join(_TITLES[report.by])
    counts = table(
        first, "人数 people\n送达 got it", "点击\nclicks", "订单 orders\n退货 back", "净收入\nnet ¥",
        "成本 cost ¥\n占比 share", numbers_from=1,
    )  # fmt: skip
    effects = table(first, "对照\nheld out", "购买率之差，百分点\nbuying, points", "净收入增量\nnet beyond, ¥", "ROI")
    for shown in (counts, effects):
        shown.columns[0].max_width = _WIDEST_NAME
    for row in report.rows.iter_rows(named=True):
        counts.add_row(*_counts(row))
        if not row["is_holdout"]:
            effects.add_row(_name(row), _count(row["n_holdout"]), _rate(row), _money(row), _times(row["roi"]))
    console.print(counts)
    console.print(effects)
    level = report.rows["confidence"].drop_nulls()
    if level.len():
        console.print(_level(float(level[0])), highlight=False)


def _counts(row: dict[str, Any]) -> list[str]:
    names = ("n_people", "n_delivered", "n_clicked", "n_orders", "n_returned_orders", "net_amount_cny", "cost_cny")
    people, delivered, clicked, orders, back, net, cost = (_count(row[name]) for name in names)
    both = (f"{people}\n{delivered}", clicked, f"{orders}\n{back}", net, f"{cost}\n{_share(row['cost_share'])}")
    return [_name(row), *both]


def _level(level: float) -> str:
    if level <= 0.95:
        return "括号内为 95% 区间；含 0 则不显示。\nIn brackets: 95 % intervals; none that spans 0 is shown."
    return (
        f"括号内为 {level:.2%} 区间，各行合计 95%；含 0 则不显示。\n"
        f"In brackets: {level:.2%} intervals, 95 % for all rows together;\nnone that spans 0 is shown."
    )


def _name(row: dict[str, Any]) -> str:
    value = _VALUES.get(row["value"], row["value"])
    return f"{value} {row['name']}" if row["name"] else value


def _count(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:,.0f}"


def _share(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:.0%}"


def _times(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:+.1f}"


def _rate(row: dict[str, Any]) -> str:
    ends = [row[f"conversion_uplift{end}"] for end in ("", "_low", "_high")]
    return _told(row["conversion_verdict"], [None if end is None else f"{end * 100:+.1f}" for end in ends])


def _money(row: dict[str, Any]) -> str:
    ends = [row[f"incremental_net{end}_cny"] for end in ("", "_low", "_high")]
    return _told(row["verdict"], [None if end is None else f"{end:+,.0f}" for end in ends])


def _told(verdict: str | None, ends: list[str | None]) -> str:
    """The estimate where it is shown, else why not; with the interval on the next line where there is one."""
    middle, low, high = ends
    said = _VERDICTS.get(verdict or "", _NOTHING) if middle is None else middle
    return said if low is None or high is None else f"{said}\n({low} … {high})"
