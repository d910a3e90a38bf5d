"""From figures to the page: one HTML file, nothing of which is fetched from anywhere."""

import math
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import duckdb
import jinja2

from common.labels import names
from warehouse.report.figures import Rows, figures

REPORT: Final = "report.html"
_TEMPLATE: Final = Path(__file__).with_name("page.html")
_TIERS_ZH: Final = {
    "platinum": "铂金",
    "gold": "黄金",
    "silver": "白银",
    "bronze": "青铜",
    "medium": "普通",
    "low": "低",
}
_WIDTH, _HEIGHT, _LEFT = 640, 230, 96


def write_report(
    con: duckdb.DuckDBPyConnection, path: Path, *, run_id: str, as_of: date, pictures: Mapping[str, str]
) -> Path:
    """Write the page.

    Args:
        con: the warehouse that is about to be published.
        path: of the page.
        run_id: of the run.
        as_of: last day that counts.
        pictures: SVG documents of the value model's calibration, by what they show; may be empty.

    Returns:
        the path.
    """
    told = figures(con, run_id)
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters |= {"money": _money, "count": _count, "share": _share, "signed": _signed, "plain": _plain}
    page = environment.from_string(_TEMPLATE.read_text(encoding="utf-8")).render(
        **told,
        run_id=run_id,
        as_of=as_of.isoformat(),
        pictures={name: jinja2.utils.markupsafe.Markup(svg) for name, svg in pictures.items()},
        equity_picture=jinja2.utils.markupsafe.Markup(equity_plot(told["equity"])),
        sources_zh={code: zh for code, (zh, _) in names("source").items()},
        reasons_zh={code: " ".join(pair) for code, pair in names("reject_reason").items()},
        stages_en={code: en for code, (_, en) in names("lifecycle_stage").items()},
        tiers_zh=_TIERS_ZH,
    )
    path.write_text(page, encoding="utf-8")
    return path


def equity_plot(months: Rows) -> str:
    """Customer equity by month end as an SVG line in the page's colours; empty for fewer than two months."""
    if len(months) < 2:
        return ""
    values = [float(m["clv_12m_cny"]) for m in months]
    top = _round_up(max(values))
    right, bottom = _WIDTH - 12, _HEIGHT - 28

    def at(i: int, value: float) -> tuple[float, float]:
        x = _LEFT + (right - _LEFT) * i / (len(values) - 1)
        return round(x, 1), round(bottom - (bottom - 14) * value / top, 1)

    points = " ".join(f"{x},{y}" for x, y in (at(i, v) for i, v in enumerate(values)))
    x_end, y_end = at(len(values) - 1, values[-1])
    parts = []
    for step in range(5):
        y = at(0, top * step / 4)[1]
        parts.append(f'<path d="M{_LEFT} {y}H{right}" stroke="var(--line)"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{_money(top * step / 4)}</text>')
    for i in sorted({0, len(months) // 3, 2 * len(months) // 3, len(months) - 1}):
        anchor = "start" if i == 0 else "end" if i == len(months) - 1 else "middle"
        month = f"{months[i]['month_end_date']:%Y-%m}"
        parts.append(f'<text x="{at(i, 0)[0]}" y="{_HEIGHT - 8}" text-anchor="{anchor}">{month}</text>')
    parts.append(f'<polygon points="{_LEFT},{bottom} {points} {right},{bottom}" fill="var(--bar)" opacity="0.35"/>')
    parts.append(f'<polyline points="{points}" fill="none" stroke="var(--accent)" stroke-width="2"/>')
    parts.append(f'<circle cx="{x_end}" cy="{y_end}" r="4" fill="var(--accent)"/>')
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="客户权益走势 customer equity over time">'
        f"{''.join(parts)}</svg>"
    )


def _round_up(value: float) -> float:
    """The next number at or above that divides by four into round steps."""
    power = 10.0 ** math.floor(math.log10(value)) if value > 0 else 1.0
    return next(step * power for step in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10) if step * power >= value)


def _money(value: Any) -> str:
    if value is None:
        return "–"
    return f"¥{value / 1e8:,.2f} 亿" if abs(value) >= 1e8 else f"¥{value:,.0f}"


def _count(value: Any) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _share(value: Any) -> str:
    return "–" if value is None else f"{value:.1%}"


def _signed(value: Any) -> str:
    return "–" if value is None else f"{value:+.1%}"


def _plain(value: Any) -> str:
    return "–" if value is None else f"{value:,.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
