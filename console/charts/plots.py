"""Plots over labels, with axes: lines with bands, and columns."""

import math
from collections.abc import Sequence

from markupsafe import Markup, escape

from console.charts.drawing import WIDTH, Language, path, place, short, svg


def line(
    labels: Sequence[str],
    series: Sequence[tuple[str, Sequence[float | None]]],
    *,
    title: str,
    bands: Sequence[tuple[float | None, float | None]] | None = None,
    unit: str = "",
    lang: Language = "en",
) -> Markup:
    """Lines over the same labels, with axes; at most four, told apart by class and by their names at the end.

    Args:
        labels: along the x axis.
        series: name and values, one a label.
        title: what is shown, for screen readers and as the picture's name.
        bands: low and high, one a label, drawn behind the first line.
        unit: written before the axis' numbers.
        lang: of the reader, for the axis' numbers.
    """
    height, left, right, top, bottom = 220, 56, 100, 12, 28
    flat = [v for _, values in series for v in values if v is not None]
    flat += [v for pair in bands or () for v in pair if v is not None]
    if not flat or not labels:
        return Markup("")
    low, high, ticks = _ticks(min(0.0, *flat), max(flat))
    step = (WIDTH - left - right) / max(len(labels) - 1, 1)

    def at(i: int, value: float) -> tuple[float, float]:
        return left + i * step, place(value, low, high, height - bottom, top)

    parts = [
        _grid(ticks, low, high, left, WIDTH - right, height - bottom, top, unit, lang),
        _x_labels(labels, left, step, height),
    ]
    if bands:
        edge = [at(i, hi) for i, (_, hi) in enumerate(bands) if hi is not None]
        back = [at(i, lo) for i, (lo, _) in enumerate(bands) if lo is not None]
        if edge and back:
            parts.append(Markup('<path class="band" d="{}Z"/>').format(path([*edge, *reversed(back)])))
    ends: list[tuple[float, int, str, float]] = []
    for n, (name, values) in enumerate(series):
        points = [at(i, v) for i, v in enumerate(values) if v is not None]
        if not points:
            continue
        parts.append(Markup('<path class="line s{}" d="{}"/>').format(n + 1, path(points)))
        ends.append((points[-1][1], n, name, points[-1][0]))
    for y, n, name, x in _apart(ends):
        parts.append(Markup('<text class="name s{}" x="{:.1f}" y="{:.1f}">{}</text>').format(n + 1, x + 8, y + 4, name))
    return svg("chart", height, title, parts)


def columns(
    labels: Sequence[str], values: Sequence[float | None], *, title: str, unit: str = "", lang: Language = "en"
) -> Markup:
    """Columns over labels, with an axis."""
    height, left, right, top, bottom = 200, 56, 8, 12, 28
    known = [v for v in values if v is not None]
    if not known:
        return Markup("")
    low, high, ticks = _ticks(min(0.0, *known), max(0.0, *known))
    step = (WIDTH - left - right) / len(labels)
    zero = place(0, low, high, height - bottom, top)
    parts = [
        _grid(ticks, low, high, left, WIDTH - right, height - bottom, top, unit, lang),
        _x_labels(labels, left + step / 2, step, height),
    ]
    for i, value in enumerate(values):
        if value is None:
            continue
        y = place(value, low, high, height - bottom, top)
        parts.append(
            Markup(
                '<rect class="column" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>'
            ).format(
                left + i * step + step * 0.15,
                min(y, zero),
                step * 0.7,
                max(abs(zero - y), 0.5),
                f"{labels[i]}: {value:,.0f}",
            )
        )
    return svg("chart", height, title, parts)


def _grid(
    ticks: Sequence[float],
    low: float,
    high: float,
    left: float,
    right: float,
    bottom: float,
    top: float,
    unit: str,
    lang: Language,
) -> Markup:
    lines = []
    for tick in ticks:
        y = place(tick, low, high, bottom, top)
        lines.append(
            Markup(
                '<line class="grid" x1="{0:.1f}" x2="{1:.1f}" y1="{2:.1f}" y2="{2:.1f}"/>'
                '<text class="tick y" x="{3:.1f}" y="{4:.1f}">{5}</text>'
            ).format(left, right, y, left - 8, y + 4, unit + short(tick, lang))
        )
    return Markup("").join(lines)


def _x_labels(labels: Sequence[str], first: float, step: float, height: float) -> Markup:
    every = max(1, math.ceil(len(labels) / 8))
    made = [
        Markup('<text class="tick x" x="{:.1f}" y="{:.1f}">{}</text>').format(
            first + i * step, height - 8, escape(label)
        )
        for i, label in enumerate(labels)
        if i % every == 0
    ]
    return Markup("").join(made)


def _ticks(low: float, high: float) -> tuple[float, float, list[float]]:
    """Round bounds around the values and four to six round ticks between them."""
    if high <= low:
        high = low + 1
    raw = (high - low) / 4
    size = 10 ** math.floor(math.log10(raw))
    step = next(size * m for m in (1, 2, 2.5, 5, 10) if size * m >= raw)
    first, last = math.floor(low / step), math.ceil(high / step)
    return first * step, last * step, [n * step for n in range(first, last + 1)]


def _apart(ends: list[tuple[float, int, str, float]], gap: float = 14) -> list[tuple[float, int, str, float]]:
    """Names at the ends of lines, moved down where they would lie on each other."""
    placed: list[tuple[float, int, str, float]] = []
    for y, n, name, x in sorted(ends):
        lowest = placed[-1][0] + gap if placed else y
        placed.append((max(y, lowest), n, name, x))
    return placed
