"""Charts of an evaluation as SVG: the measures, quality by phenomenon, mistakes by cause.

Belongs here: what is drawn where; shapes are `svg`'s.
"""

from collections.abc import Iterable
from typing import Final

import polars as pl

from identity.measuring.evaluate import ALL, Evaluation
from identity.showing.svg import AGAINST, FOR, LINE, PALE, SCORE, WARN, Canvas, shortened

_WIDTH: Final = 960.0
_MARGIN: Final = 28.0
_LABELS: Final = 280.0
_ROW: Final = 26.0
PHENOMENA_ZH: Final = {
    ALL: "全部", "plain": "普通", "recycled_phone": "二次放号", "gave_up_phone": "弃号者", "shared_phone": "共用手机",
    "lends_phone": "借出手机", "changed_phone": "换号", "second_phone": "双号", "namesake": "同城同名",
    "two_wechats": "双微信", "gift": "礼物", "masked_receiver": "脱敏收货人", "masked_member": "脱敏会员",
    "single_source": "单一来源", "overseas": "海外", "clerk_phone": "店员手机", "shop_phone": "门店电话",
    "placeholder_phone": "占位号码", "paid_by_other": "他人代付", "name_variant": "姓名写法不同",
}  # fmt: skip


def measures_chart(found: Evaluation, title: str) -> str:
    """Precision, recall and F1 of pairs, B-cubed and whole clusters as bars, reachable recall."""
    told = found.as_dict()
    rows = [
        ("成对 pairwise", ("pairwise_precision", "pairwise_recall_reachable", "pairwise_f1_reachable")),
        ("B-cubed", ("b_cubed_precision", "b_cubed_recall_reachable", "b_cubed_f1_reachable")),
        ("整人 whole clusters", ("cluster_precision_reachable", "exact_person_rate", "cluster_f1_reachable")),
    ]
    canvas, y = _headed(title)
    low = _lowest(told[name] for _, names in rows for name in names)
    y = _legend(canvas, y, (("精确率 precision", SCORE), ("可达召回率 recall, reachable", WARN), ("F1", FOR)))
    for label, names in rows:
        canvas.text(_MARGIN, y + 32, label, bold=True)
        for name, color in zip(names, (SCORE, WARN, FOR), strict=True):
            _bar(canvas, y, told[name], low, color)
            y += 17
        y += 12
    return canvas.render(_WIDTH, _scale(canvas, y, low), title)


def phenomena_chart(lines: pl.DataFrame, title: str) -> str:
    """Pairwise precision and recall of each phenomenon as two dots on a line, with the people wrongly merged."""
    canvas, y = _headed(title)
    low = _lowest([*lines["pairwise_precision"], *lines["pairwise_recall_reachable"]])
    y = _legend(canvas, y, (("精确率 precision", SCORE), ("可达召回率 recall, reachable", WARN)))
    canvas.text(_WIDTH - _MARGIN, y - 6, "误并 wrongly merged", size=11, color=PALE, anchor="end")
    for row in lines.iter_rows(named=True):
        name = row["phenomenon"]
        label = f"{PHENOMENA_ZH.get(name, '')} {name}".strip()
        canvas.text(_MARGIN, y + 17, shortened(label, 13, _LABELS - 8), bold=name == ALL)
        precision, recall = (_at(row[c], low) for c in ("pairwise_precision", "pairwise_recall_reachable"))
        canvas.line(_at(low, low), y + 13, _at(1.0, low), y + 13)
        canvas.line(precision, y + 13, recall, y + 13, color=PALE, width=2)
        canvas.circle(recall, y + 13, 6, WARN)
        canvas.circle(precision, y + 13, 5, SCORE)
        share = f"{row['n_wrongly_merged']:,} / {row['n_persons']:,}"
        canvas.text(_WIDTH - _MARGIN, y + 17, share, size=12, color=PALE, anchor="end")
        y += _ROW
    return canvas.render(_WIDTH, _scale(canvas, y, low), title)


def mistakes_chart(found: pl.DataFrame, title: str, most: int = 20) -> str:
    """Wrong merges and splits by cause, as bars of their number."""
    by_cause = (
        found.group_by("error", "cause")
        .agg(pl.col("n").sum())
        .sort("error", "n", "cause", descending=[False, True, False])
    )
    canvas, y = _headed(title)
    y = _legend(canvas, y, (("误并 wrong merges", AGAINST), ("漏并 splits", SCORE)))
    top = int(by_cause["n"].max() or 1)  # type: ignore[arg-type]  # of integers
    for error, cause, n in by_cause.head(most).iter_rows():
        canvas.text(_MARGIN, y + 17, shortened(cause, 13, _LABELS - 8))
        width = (_WIDTH - 2 * _MARGIN - _LABELS - 60) * n / top
        canvas.rect(_MARGIN + _LABELS, y + 5, max(width, 1.5), _ROW - 9, AGAINST if error == "merge" else SCORE)
        canvas.text(_MARGIN + _LABELS + width + 6, y + 18, f"{n:,}", size=12)
        y += _ROW
    if by_cause.is_empty():
        canvas.text(_MARGIN, y + 17, "没有错误 no mistakes", color=FOR)
        y += _ROW
    return canvas.render(_WIDTH, y + _MARGIN, title)


def _headed(title: str) -> tuple[Canvas, float]:
    canvas = Canvas()
    canvas.text(_MARGIN, _MARGIN + 8, title, size=17, bold=True)
    return canvas, _MARGIN + 32


def _legend(canvas: Canvas, y: float, entries: tuple[tuple[str, str], ...]) -> float:
    x = _MARGIN
    for label, color in entries:
        canvas.rect(x, y - 9, 12, 12, color)
        canvas.text(x + 18, y + 2, label, size=12)
        x += 200
    return y + 24


def _lowest(values: Iterable[float]) -> float:
    """Where the axis begins: a round number below the least value, so that differences near one can be seen."""
    least = min(values)
    return next((mark for mark in (0.99, 0.98, 0.95, 0.9, 0.8, 0.5) if least >= mark + (1 - mark) * 0.1), 0.0)


def _at(value: float, low: float) -> float:
    left, right = _MARGIN + _LABELS, _WIDTH - _MARGIN - 130
    return left + (right - left) * (max(value, low) - low) / (1 - low)


def _bar(canvas: Canvas, y: float, value: float, low: float, color: str) -> None:
    left = _at(low, low)
    canvas.rect(left, y + 2, max(_at(value, low) - left, 1.5), 13, color)
    canvas.text(_at(value, low) + 6, y + 13, f"{value:.4f}", size=12, color=color)


def _scale(canvas: Canvas, y: float, low: float) -> float:
    """The axis below; it says where it begins."""
    for n in range(6):
        mark = low + (1 - low) * n / 5
        canvas.line(_at(mark, low), y, _at(mark, low), y + 5, color=LINE)
        canvas.text(_at(mark, low), y + 18, f"{mark:.4g}", size=11, color=PALE, anchor="middle")
    return y + 18 + _MARGIN
