"""Charts as inline SVG: they take their colours from the page's classes, so they follow light and dark.

Every chart has a text for who cannot see it; none has an inline style, which the security policy forbids.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final

from markupsafe import Markup, escape

_WIDTH: Final = 640


def bar(share: float | None, label: str = "", tone: str = "") -> Markup:
    """A thin bar, filled to a share between 0 and 1."""
    filled = max(0.0, min(1.0, share or 0.0)) * 100
    return Markup(
        '<svg class="bar {}" viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<rect class="bar-all" width="100" height="8"/><rect class="bar-fill" width="{}" height="8"/></svg>'
    ).format(tone, label or f"{filled:.0f}%", f"{filled:.2f}")


def spark(values: Sequence[float | None], label: str = "") -> Markup:
    """A small line without axes, for a table cell; empty with fewer than two values."""
    known = [(i, value) for i, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return Markup("")
    low, high = min(v for _, v in known), max(v for _, v in known)
    step = 96 / max(len(values) - 1, 1)
    points = [(2 + i * step, _place(value, low, high, 22, 2)) for i, value in known]
    return Markup(
        '<svg class="spark" viewBox="0 0 100 24" role="img" aria-label="{}"><path d="{}"/>'
        '<circle cx="{:.1f}" cy="{:.1f}" r="2"/></svg>'
    ).format(label, _path(points), *points[-1])


def line(
    labels: Sequence[str],
    series: Sequence[tuple[str, Sequence[float | None]]],
    *,
    title: str,
    bands: Sequence[tuple[float | None, float | None]] | None = None,
    unit: str = "",
) -> Markup:
    """Lines over the same labels, with axes; at most four, told apart by class and by their names at the end.

    Args:
        labels: along the x axis.
        series: name and values, one a label.
        title: what is shown, for screen readers and as the picture's name.
        bands: low and high, one a label, drawn behind the first line.
        unit: written before the axis' numbers.
    """
    height, left, right, top, bottom = 220, 56, 100, 12, 28
    flat = [v for _, values in series for v in values if v is not None]
    flat += [v for pair in bands or () for v in pair if v is not None]
    if not flat or not labels:
        return Markup("")
    low, high, ticks = _ticks(min(0.0, *flat), max(flat))
    step = (_WIDTH - left - right) / max(len(labels) - 1, 1)

    def at(i: int, value: float) -> tuple[float, float]:
        return left + i * step, _place(value, low, high, height - bottom, top)

    parts = [
        _grid(ticks, low, high, left, _WIDTH - right, height - bottom, top, unit),
        _x_labels(labels, left, step, height),
    ]
    if bands:
        edge = [at(i, hi) for i, (_, hi) in enumerate(bands) if hi is not None]
        back = [at(i, lo) for i, (lo, _) in enumerate(bands) if lo is not None]
        if edge and back:
            parts.append(Markup('<path class="band" d="{}Z"/>').format(_path([*edge, *reversed(back)])))
    ends: list[tuple[float, int, str, float]] = []
    for n, (name, values) in enumerate(series):
        points = [at(i, v) for i, v in enumerate(values) if v is not None]
        if not points:
            continue
        parts.append(Markup('<path class="line s{}" d="{}"/>').format(n + 1, _path(points)))
        ends.append((points[-1][1], n, name, points[-1][0]))
    for y, n, name, x in _apart(ends):
        parts.append(Markup('<text class="name s{}" x="{:.1f}" y="{:.1f}">{}</text>').format(n + 1, x + 8, y + 4, name))
    return _svg("chart", height, title, parts)


def columns(labels: Sequence[str], values: Sequence[float | None], *, title: str, unit: str = "") -> Markup:
    """Columns over labels, with an axis."""
    height, left, right, top, bottom = 200, 56, 8, 12, 28
    known = [v for v in values if v is not None]
    if not known:
        return Markup("")
    low, high, ticks = _ticks(min(0.0, *known), max(0.0, *known))
    step = (_WIDTH - left - right) / len(labels)
    zero = _place(0, low, high, height - bottom, top)
    parts = [
        _grid(ticks, low, high, left, _WIDTH - right, height - bottom, top, unit),
        _x_labels(labels, left + step / 2, step, height),
    ]
    for i, value in enumerate(values):
        if value is None:
            continue
        y = _place(value, low, high, height - bottom, top)
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
    return _svg("chart", height, title, parts)


def interval(
    low: float | None,
    middle: float | None,
    high: float | None,
    *,
    least: float,
    most: float,
    label: str,
    tone: str | None = None,
) -> Markup:
    """An estimate with its interval on a common scale, zero marked; for table cells.

    Args:
        low, middle, high: the estimate; nothing is drawn where one is not known.
        least, most: ends of the scale.
        label: what it says, for who cannot see it.
        tone: good, bad or open; None is good above zero, bad below, and open where the interval spans it.
    """
    if None in (low, middle, high) or most <= least:
        return Markup("")
    assert low is not None and middle is not None and high is not None

    def at(value: float) -> float:
        return 4 + 192 * (min(max(value, least), most) - least) / (most - least)

    tone = tone or ("good" if low > 0 else "bad" if high < 0 else "open")
    zero = Markup('<line class="zero" x1="{0:.1f}" x2="{0:.1f}" y1="0" y2="20"/>').format(at(0))
    return Markup(
        '<svg class="interval {}" viewBox="0 0 200 20" role="img" aria-label="{}">{}'
        '<line class="reach" x1="{:.1f}" x2="{:.1f}" y1="10" y2="10"/><circle cx="{:.1f}" cy="10" r="4"/></svg>'
    ).format(tone, label, zero if least <= 0 <= most else "", at(low), at(high), at(middle))


def venn(a: float, b: float, both: float, *, label: str) -> Markup:
    """Two circles whose areas, and the area that they share, are as the numbers."""
    most = max(a, b, 1.0)
    left, right = 52 * math.sqrt(a / most), 52 * math.sqrt(b / most)
    apart = _distance(left, right, both / most * math.pi * 52 * 52)
    x = (220 - (left + apart + right)) / 2 + left
    return Markup(
        '<svg class="venn" viewBox="0 0 220 112" role="img" aria-label="{}"><circle cx="{:.1f}" cy="56" r="{:.1f}"/>'
        '<circle class="other" cx="{:.1f}" cy="56" r="{:.1f}"/></svg>'
    ).format(label, x, left, x + apart, right)


def _distance(r: float, s: float, shared: float) -> float:
    """How far apart two circles lie that share an area; found by halving, since area falls as they part."""
    near, far = abs(r - s), r + s
    for _ in range(40):
        middle = (near + far) / 2
        near, far = (middle, far) if _lens(r, s, middle) > shared else (near, middle)
    return (near + far) / 2


def _lens(r: float, s: float, d: float) -> float:
    """The area that circles of radius r and s share at distance d."""
    if d >= r + s or not r or not s:
        return 0.0
    if d <= abs(r - s):
        return math.pi * min(r, s) ** 2
    at = math.acos(max(-1.0, min(1.0, (d * d + r * r - s * s) / (2 * d * r))))
    other = math.acos(max(-1.0, min(1.0, (d * d + s * s - r * r) / (2 * d * s))))
    return r * r * (at - math.sin(2 * at) / 2) + s * s * (other - math.sin(2 * other) / 2)


def against_limit(labels: Sequence[str], values: Sequence[float | None], limit: float, *, title: str) -> Markup:
    """A measure over the runs, each a point, with its limit as a broken line; for small pictures side by side.

    Args:
        labels: what each value is of, told when a point is pointed at.
        values: one a label.
        limit: where it begins to be bad.
        title: what is shown.
    """
    known = [(i, value) for i, value in enumerate(values) if value is not None]
    if not known:
        return Markup("")
    numbers = [value for _, value in known]
    low, high = min(0.0, limit, *numbers), max(limit, *numbers)
    high += (high - low) * 0.08 or 1
    step = 226 / max(len(values) - 1, 1)
    points = [(7 + i * step, _place(value, low, high, 58, 4)) for i, value in known]
    dots = [
        Markup('<circle cx="{:.1f}" cy="{:.1f}" r="3"><title>{}</title></circle>').format(
            x, y, f"{labels[i]}: {value:,.4g}"
        )
        for (i, value), (x, y) in zip(known, points, strict=True)
    ]
    edge = Markup('<line class="edge" x1="0" x2="240" y1="{0:.1f}" y2="{0:.1f}"/>').format(
        _place(limit, low, high, 58, 4)
    )
    path = Markup('<path d="{}"/>').format(_path(points)) if len(points) > 1 else Markup("")
    opening = Markup('<svg class="against" viewBox="0 0 240 62" role="img" aria-label="{}">').format(title)
    return opening + edge + path + Markup("").join(dots) + Markup("</svg>")


def flow(
    links: Sequence[tuple[str, str, float, str]], *, title: str, says: Callable[[str], str], order: Sequence[str] = ()
) -> Markup:
    """Who went from where to where: bands between two columns, as broad as there are people.

    Args:
        links: from, to, how many, and the class of the band.
        title: what is shown.
        says: what a place is called.
        order: of the places from the top; those that are not named come last.
    """
    links = [one for one in links if one[2] > 0]
    if not links:
        return Markup("")
    sides: list[dict[str, float]] = [{}, {}]
    for source, target, number, _ in links:
        sides[0][source] = sides[0].get(source, 0) + number
        sides[1][target] = sides[1].get(target, 0) + number
    rank = {name: n for n, name in enumerate(order)}
    sides = [dict(sorted(side.items(), key=lambda item: rank.get(item[0], len(rank)))) for side in sides]
    total, gap = sum(sides[0].values()), 22.0
    scale = 190 / total
    tops: list[dict[str, float]] = []
    for side in sides:
        y, places = 8.0, {}
        for name, number in side.items():
            places[name] = y
            y += max(number * scale, 3) + gap
        tops.append(places)
    height = max(max(tops[n][name] + side[name] * scale for name in side) for n, side in enumerate(sides)) + 16
    parts = _bands(links, tops, scale)
    for n, (side, x, anchor) in enumerate(zip(sides, (150.0, 484.0), ("end", "start"), strict=True)):
        for name, number in side.items():
            y = tops[n][name]
            parts.append(
                Markup(
                    '<rect class="knot" x="{:.1f}" y="{:.1f}" width="6" height="{:.1f}"/>'
                    '<text class="{}" x="{:.1f}" y="{:.1f}">{}</text>'
                ).format(x, y, max(number * scale, 3), anchor, x - 8 if n == 0 else x + 14,
                         y + max(number * scale, 3) / 2 + 4, f"{says(name)} {number:,.0f}")
            )  # fmt: skip
    return _svg("chart flow", height, title, parts)


def _bands(links: Sequence[tuple[str, str, float, str]], tops: list[dict[str, float]], scale: float) -> list[Markup]:
    used: list[dict[str, float]] = [dict(tops[0]), dict(tops[1])]
    order = {name: n for n, name in enumerate(tops[1])}
    made = []
    for source, target, number, tone in sorted(links, key=lambda one: order[one[1]]):
        breadth = max(number * scale, 1)
        y1, y2 = used[0][source] + breadth / 2, used[1][target] + breadth / 2
        used[0][source] += number * scale
        used[1][target] += number * scale
        made.append(
            Markup(
                '<path class="band-of {}" stroke-width="{:.1f}" d="M156,{:.1f}C320,{:.1f} 320,{:.1f} 484,{:.1f}"/>'
            ).format(tone, breadth, y1, y1, y2, y2)
        )
    return made


def _svg(kind: str, height: float, title: str, parts: Sequence[Markup]) -> Markup:
    opening = Markup('<svg class="{}" viewBox="0 0 {} {:.0f}" role="img" aria-label="{}">').format(
        kind, _WIDTH, height, title
    )
    return opening + Markup("").join(parts) + Markup("</svg>")


def _grid(
    ticks: Sequence[float], low: float, high: float, left: float, right: float, bottom: float, top: float, unit: str
) -> Markup:
    lines = []
    for tick in ticks:
        y = _place(tick, low, high, bottom, top)
        lines.append(
            Markup(
                '<line class="grid" x1="{0:.1f}" x2="{1:.1f}" y1="{2:.1f}" y2="{2:.1f}"/>'
                '<text class="tick y" x="{3:.1f}" y="{4:.1f}">{5}</text>'
            ).format(left, right, y, left - 8, y + 4, unit + short(tick))
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


def short(value: float) -> str:
    """A number for an axis: 1200 as 1.2k."""
    for size, word in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{word}"
    return f"{value:.3g}"


def _ticks(low: float, high: float) -> tuple[float, float, list[float]]:
    """Round bounds around the values and four to six round ticks between them."""
    if high <= low:
        high = low + 1
    raw = (high - low) / 4
    size = 10 ** math.floor(math.log10(raw))
    step = next(size * m for m in (1, 2, 2.5, 5, 10) if size * m >= raw)
    first, last = math.floor(low / step), math.ceil(high / step)
    return first * step, last * step, [n * step for n in range(first, last + 1)]


def _place(value: float, low: float, high: float, bottom: float, top: float) -> float:
    return bottom if high == low else bottom - (value - low) / (high - low) * (bottom - top)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _apart(ends: list[tuple[float, int, str, float]], gap: float = 14) -> list[tuple[float, int, str, float]]:
    """Names at the ends of lines, moved down where they would lie on each other."""
    placed: list[tuple[float, int, str, float]] = []
    for y, n, name, x in sorted(ends):
        lowest = placed[-1][0] + gap if placed else y
        placed.append((max(y, lowest), n, name, x))
    return placed
