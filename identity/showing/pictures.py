"""Pictures of explanations as SVG: a waterfall of weights for two records, a graph of records for a person.

Belongs here: what is drawn where. Shapes are `svg`'s, the edges `explain`'s. No value in the clear is ever drawn.
"""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from identity.showing.edges import is_weak_bridge
from identity.showing.explain import Step
from identity.showing.graphs import WIDTH, Bubble, gathered, layout, telling
from identity.showing.parts import weighed
from identity.showing.svg import AGAINST, FOR, INK, LINE, PALE, PALETTE, SCORE, WARN, Canvas, shortened, text_width

_MARGIN: Final = 28.0
_LABELS: Final = 400.0
_ROW: Final = 26.0
_PALE_SCORE: Final = "#b8cfe8"


def waterfall(steps: Sequence[Step], title: str) -> str:
    """How the evidence of each edge on the path adds up, as an SVG document.

    Args:
        steps: of `explain_pair`.
        title: the heading.
    """
    canvas, y = Canvas(), _MARGIN + 8
    canvas.text(_MARGIN, y, title, size=17, bold=True)
    y += 16
    if not steps:
        canvas.text(_MARGIN, y + 14, "没有归一依据 No edge: two people.", color=PALE)
        y += 24
    for number, step in enumerate(steps, start=1):
        y = _panel(canvas, y + 18, number, step)
    return canvas.render(WIDTH, y + _MARGIN, title)


def _panel(canvas: Canvas, y: float, number: int, step: Step) -> float:
    """One edge; returns where the next may begin."""
    ends = f"{number}. {step.a.label()} · {step.a.role}  →  {step.b.label()} · {step.b.role}"
    canvas.text(_MARGIN, y + 14, shortened(ends, 14, WIDTH - 2 * _MARGIN), size=14, bold=True)
    y += 24
    if step.match_weight is None or not step.weights:
        y = _one_sentence(canvas, y, step)
    else:
        y = _bars(canvas, y, step, step.match_weight)
    if step.is_bridge:
        canvas.text(_MARGIN, y + 14, _bridge_words(step), size=12, color=WARN)
        y += 20
    return y


def _bridge_words(step: Step) -> str:
    return f"▲ 失去此依据将脱落 {step.n_cut_off} 条 · without this edge {step.n_cut_off} would fall off"


def _one_sentence(canvas: Canvas, y: float, step: Step) -> float:
    """An edge that is not weighed part by part."""
    color = FOR if step.match_weight is None else SCORE
    canvas.rect(_MARGIN, y, 5, 44, color)
    kind = "确定 sure" if step.match_weight is None else f"{step.match_weight:+.1f} bits, {_odds(step.match_weight)}"
    canvas.text(_MARGIN + 16, y + 18, f"{step.words_zh} · {step.words}")
    canvas.text(_MARGIN + 16, y + 37, f"{kind} · {step.rule}", size=12, color=PALE)
    return y + 52


def _bars(canvas: Canvas, y: float, step: Step, total: float) -> float:
    """Each comparison's weight from where the one before it ended."""
    rows = [(f"{part.zh} {part.en}", part.weight) for part in weighed(step)]
    ends = np.concatenate([[0.0], np.cumsum([weight for _, weight in rows])])
    low, high = float(ends.min()), float(ends.max())
    left, right = _MARGIN + _LABELS, WIDTH - _MARGIN - 56
    scale = (right - left) / max(high - low, 1.0)

    def at(value: float) -> float:
        return left + (value - low) * scale

    bottom = y + _ROW * (len(rows) + 1)
    _axis(canvas, at, low, high, y, bottom)
    for n, (label, weight) in enumerate(rows):
        color = PALE if n == 0 else FOR if weight >= 0 else AGAINST
        _bar(canvas, y + n * _ROW, label, (at(float(ends[n])), at(float(ends[n + 1]))), weight, color)
    _bar(canvas, bottom - _ROW, f"合计 match weight, {_odds(total)}", (at(0.0), at(total)), total, SCORE, bold=True)
    return bottom + 20


def _axis(canvas: Canvas, at: Callable[[float], float], low: float, high: float, top: float, bottom: float) -> None:
    step = 5 if high - low <= 45 else 10
    for tick in range(int(np.ceil(low / step)) * step, int(high) + 1, step):
        canvas.line(at(tick), top, at(tick), bottom, color=PALE if tick == 0 else LINE, width=1.2 if tick == 0 else 0.7)
        canvas.text(at(tick), bottom + 13, f"{tick:+d}" if tick else "0", size=11, color=PALE, anchor="middle")


def _bar(
    canvas: Canvas, y: float, label: str, span: tuple[float, float], weight: float, color: str, *, bold: bool = False
) -> None:
    canvas.text(_MARGIN, y + 17, shortened(label, 12.5, _LABELS - 10), size=12.5, bold=bold)
    x, end = min(span), max(span)
    canvas.rect(x, y + 4, max(end - x, 1.5), _ROW - 8, color)
    canvas.text(end + 5, y + 17, f"{weight:+.1f}", size=12, color=color, bold=bold, halo=True)


def _odds(weight: float) -> str:
    """Log2 odds as a probability, or as odds where that would be all nines."""
    return f"p = {1 / (1 + 2.0**-weight):.3f}" if weight < 9 else f"{2.0 ** min(weight, 60):,.0f} : 1"


def person_graph(steps: Sequence[Step], title: str) -> str:
    """The records of a person and the edges between them, as an SVG document: sources coloured, weak bridges marked.

    Args:
        steps: of `explain_person`.
        title: the heading.
    """
    bubbles, links, n_left_out = gathered(steps)
    sources = sorted({bubble.end.source for bubble in bubbles})
    colors = {source: PALETTE[n % len(PALETTE)] for n, source in enumerate(sources)}
    place, width, height = layout(len(bubbles), [(a, b) for a, b, _ in links])
    canvas = Canvas()
    canvas.text(_MARGIN, _MARGIN + 8, title, size=17, bold=True)
    shown_in_full = telling(len(bubbles), links)
    for shown in (False, True):
        for n, (a, b, step) in enumerate(links):
            if (n in shown_in_full) == shown:
                _line(canvas, place[a], place[b], step, is_pale=not shown)
    for n in sorted(shown_in_full):
        _weight(canvas, (place[links[n][0]] + place[links[n][1]]) / 2, links[n][2])
    for bubble, (x, y) in zip(bubbles, place, strict=True):
        _bubble(canvas, float(x), float(y), bubble, colors[bubble.end.source])
    bottom = _legend(canvas, height, colors, n_left_out)
    bottom = _weak_bridges(canvas, bottom, [step for _, _, step in links])
    return canvas.render(width, bottom + 12, title)


def _line(canvas: Canvas, a: NDArray[np.float64], b: NDArray[np.float64], step: Step, *, is_pale: bool) -> None:
    ends, weight = (*a.tolist(), *b.tolist()), step.match_weight
    if is_weak_bridge(step.is_bridge, weight):
        canvas.line(*ends, color=WARN, width=4)
    elif weight is None:
        canvas.line(*ends, color=INK, width=1.4)
    elif weight < 0:
        canvas.line(*ends, color=AGAINST, width=1, dash="2 4")
    else:
        canvas.line(*ends, color=_PALE_SCORE if is_pale else SCORE, width=1 if is_pale else min(1.2 + weight / 8, 4))


def _weight(canvas: Canvas, middle: NDArray[np.float64], step: Step) -> None:
    weight = step.match_weight
    if weight is not None:
        color = WARN if is_weak_bridge(step.is_bridge, weight) else SCORE if weight >= 0 else AGAINST
        x, y = middle.tolist()
        canvas.text(x, y + 4, f"{weight:+.1f}", size=11, color=color, anchor="middle", halo=True)


def _bubble(canvas: Canvas, x: float, y: float, bubble: Bubble, color: str) -> None:
    radius = 11.0 if bubble.count == 1 else min(13.0 + bubble.count**0.5 * 1.5, 24.0)
    canvas.circle(x, y, radius, color)
    if bubble.count > 1:
        canvas.text(x, y + 4, f"{bubble.count}×", size=11.5, color="#ffffff", anchor="middle", bold=True)
    under = f"{bubble.end.record_type} · {bubble.end.role}"
    canvas.text(x, y + radius + 12, under, size=10, color=INK, anchor="middle", halo=True)
    key = bubble.end.natural_key
    if bubble.count == 1 and not key.startswith("h:"):
        canvas.text(x, y + radius + 23, shortened(key, 9, 90), size=9, color=PALE, anchor="middle", halo=True)


def _legend(canvas: Canvas, y: float, colors: dict[str, str], n_left_out: int) -> float:
    x = _MARGIN
    for source, color in colors.items():
        canvas.circle(x + 6, y, 6, color)
        canvas.text(x + 17, y + 4, source, size=12)
        x += 34 + text_width(source, 12)
    y += 24
    styles = (
        (INK, 1.4, "", "确定 sure"),
        (SCORE, 3.0, "", "评分 scored (log2)"),
        (AGAINST, 1.0, "2 4", "不支持 against"),
        (WARN, 4.0, "", "弱桥 weak bridge"),
    )
    x = _MARGIN
    for color, width, dash, label in styles:
        canvas.line(x, y, x + 26, y, color=color, width=width, dash=dash)
        canvas.text(x + 33, y + 4, label, size=12)
        x += 52 + text_width(label, 12)
    if n_left_out:
        canvas.text(_MARGIN, y + 24, f"另有 and {n_left_out} more edges that are not drawn", size=12, color=PALE)
        y += 24
    return y + 14


def _weak_bridges(canvas: Canvas, y: float, steps: list[Step]) -> float:
    """The weak bridges in words, those that much hangs on first."""
    weak = sorted((s for s in steps if is_weak_bridge(s.is_bridge, s.match_weight)), key=lambda s: -s.n_cut_off)
    for step in weak[:6]:
        y += 20
        fall = f"{step.n_cut_off} would fall off 将脱落 {step.n_cut_off} 条"
        text = f"▲ {step.a.label()} — {step.b.label()}: {step.words} · {fall}"
        canvas.text(_MARGIN, y, shortened(text, 12, WIDTH - 2 * _MARGIN), size=12, color=WARN)
    return y + 14
