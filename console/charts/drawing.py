"""What all charts are drawn with: the frame, places on a scale, paths, short numbers."""

from collections.abc import Sequence
from typing import Final, Literal

from markupsafe import Markup

WIDTH: Final = 640
Language = Literal["zh", "en"]


def svg(kind: str, height: float, title: str, parts: Sequence[Markup]) -> Markup:
    """A chart of the common width, with its text for who cannot see it."""
    opening = Markup('<svg class="{}" viewBox="0 0 {} {:.0f}" role="img" aria-label="{}">').format(
        kind, WIDTH, height, title
    )
    return opening + Markup("").join(parts) + Markup("</svg>")


_STEPS: Final = {"zh": ((1e8, "亿"), (1e4, "万")), "en": ((1e9, "bn"), (1e6, "m"), (1e3, "k"))}


def short(value: float, lang: Language = "en") -> str:
    """A number for an axis: 12000 as 12k, and as 1.2万 in Chinese."""
    for size, word in _STEPS[lang]:
        if abs(value) >= size:
            return f"{value / size:.3g}{word}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def place(value: float, low: float, high: float, bottom: float, top: float) -> float:
    """Where a value lies between the bottom and the top of a chart."""
    return bottom if high == low else bottom - (value - low) / (high - low) * (bottom - top)


def path(points: Sequence[tuple[float, float]]) -> str:
    """A line through points, as the `d` of an SVG path."""
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points)
