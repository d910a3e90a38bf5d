"""Small pictures without axes: for the cells of tables and for cards."""

import math
from collections.abc import Sequence

from markupsafe import Markup

from console.charts.drawing import path, place


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
    points = [(2 + i * step, place(value, low, high, 22, 2)) for i, value in known]
    return Markup(
        '<svg class="spark" viewBox="0 0 100 24" role="img" aria-label="{}"><path d="{}"/>'
        '<circle cx="{:.1f}" cy="{:.1f}" r="2"/></svg>'
    ).format(label, path(points), *points[-1])


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
    points = [(7 + i * step, place(value, low, high, 58, 4)) for i, value in known]
    dots = [
        Markup('<circle cx="{:.1f}" cy="{:.1f}" r="3"><title>{}</title></circle>').format(
            x, y, f"{labels[i]}: {value:,.4g}"
        )
        for (i, value), (x, y) in zip(known, points, strict=True)
    ]
    edge = Markup('<line class="edge" x1="0" x2="240" y1="{0:.1f}" y2="{0:.1f}"/>').format(
        place(limit, low, high, 58, 4)
    )
    drawn = Markup('<path d="{}"/>').format(path(points)) if len(points) > 1 else Markup("")
    opening = Markup('<svg class="against" viewBox="0 0 240 62" role="img" aria-label="{}">').format(title)
    return opening + edge + drawn + Markup("").join(dots) + Markup("</svg>")
