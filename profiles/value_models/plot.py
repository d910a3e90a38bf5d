"""Predicted against actual by decile as a picture: one SVG that needs nothing beside itself."""

import math
from typing import Final

import polars as pl

# What is drawn: predicted and actual column, title, how a value is written.
MEASURES: Final = {
    "purchases": ("expected_purchases", "actual_purchases", "人均购买天数 Purchase days a person", "{:.2f}"),
    "p_buy": ("p_buy", "share_bought", "购买概率与实际比例 P(buy) and share that bought", "{:.0%}"),
    "spend": ("expected_spend_cny", "actual_spend_cny", "人均消费 Spend a person, CNY", "{:,.0f}"),
}
_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 380, 230, 44, 34, 46
# As its own document the picture brings its colours; inside a page it takes the page's.
_STYLE: Final = (
    "<style>svg:root{--ink:#1d2433;--quiet:#667085;--line:#e4e7ec;--bar:#b9cbe8;--mark:#c2542d;--card:#fff}"
    "@media(prefers-color-scheme:dark){svg:root{--ink:#e8eaf0;--quiet:#98a2b3;--line:#344054;--bar:#41597f;"
    "--mark:#f2906a;--card:#1a1f2b}}text{font:11px system-ui,sans-serif;fill:var(--quiet)}"
    ".title{font-size:12px;font-weight:600;fill:var(--ink)}</style>"
)


def calibration_plot(table: pl.DataFrame, measure: str = "purchases") -> str:
    """Bars for what came and marks for what was predicted, the best decile first.

    Args:
        table: as from `ValueScores.calibration_table`, at least one row.
        measure: one of `MEASURES`.
    """
    predicted, actual, title, form = MEASURES[measure]
    rows = table.sort("decile").select("decile", predicted, actual).rows()
    top = _nice(max(max(row[1], row[2]) for row in rows))
    width = (_WIDTH - _LEFT - 8) / len(rows)

    def y(value: float) -> float:
        return round(_HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * value / top, 1)

    parts = [f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="var(--card)"/>']
    parts.append(f'<text class="title" x="0" y="14">{title}</text>')
    for step in range(5):
        value = top * step / 4
        parts.append(f'<path d="M{_LEFT} {y(value)}H{_WIDTH}" stroke="var(--line)"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y(value) + 4}" text-anchor="end">{form.format(value)}</text>')
    for i, (decile, expected, came) in enumerate(rows):
        x = round(_LEFT + 4 + i * width, 1)
        bar = round(width * 0.7, 1)
        told = f"{decile}: {form.format(expected)} → {form.format(came)}"
        parts.append(
            f'<g><title>{told}</title><rect x="{x}" y="{y(came)}" width="{bar}" height="{round(y(0) - y(came), 1)}" '
            f'rx="2" fill="var(--bar)"/><circle cx="{round(x + bar / 2, 1)}" cy="{y(expected)}" r="4" '
            f'fill="var(--mark)" stroke="var(--card)" stroke-width="1.5"/></g>'
        )
        parts.append(f'<text x="{round(x + bar / 2, 1)}" y="{_HEIGHT - 30}" text-anchor="middle">{decile}</text>')
    parts.append(_legend())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{title}">{_STYLE}{"".join(parts)}</svg>'
    )


def _legend() -> str:
    y = _HEIGHT - 10
    return (
        f'<circle cx="{_LEFT + 8}" cy="{y - 4}" r="4" fill="var(--mark)"/><text x="{_LEFT + 18}" y="{y}">'
        f'预测 predicted</text><rect x="{_LEFT + 122}" y="{y - 9}" width="10" height="10" rx="2" fill="var(--bar)"/>'
        f'<text x="{_LEFT + 138}" y="{y}">实际 actual</text>'
        f'<text x="{_WIDTH}" y="{y}" text-anchor="end">十等分 decile</text>'
    )


def _nice(value: float) -> float:
    """The next number at or above that divides by four into round steps."""
    power = 10.0 ** math.floor(math.log10(value)) if value > 0 else 1.0
    return next(step * power for step in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10) if step * power >= value)
