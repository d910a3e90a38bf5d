"""Pictures of people as inline SVG: the graph of their records, the strip of their stages, how evidence adds up.

Like `charts` they take their colours from the page's classes. What is drawn where comes from `identity.showing`.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final

from markupsafe import Markup

from console import words
from console.data.rows import Row
from identity.showing.edges import is_weak_bridge
from identity.showing.explain import End, Step
from identity.showing.graphs import Bubble, Bundle, layout
from identity.showing.svg import shortened

Translate = Callable[[str, str], str]
COLORS: Final = 9
_MARGIN: Final = 12.0
# Room for the names of the outermost bubbles.
_SIDE: Final = 76.0
_ABOVE: Final = 36.0
# Names are wider than they are high.
_STRETCH: Final = 1.25


def person_graph(bubbles: Sequence[Bubble], bundles: Sequence[Bundle], t: Translate) -> Markup:
    """The records of a person and what ties them; each edge leads to `#edge-N`, N from 1, where it is in words.

    Args:
        bubbles: of `identity.showing.graphs.summarised`.
        bundles: with them.
        t: gives the reader's of two texts.
    """
    place, _, height = layout(len(bubbles), [(one.a, one.b) for one in bundles if one.a != one.b])
    place = place * [_STRETCH, 1.0]
    colors = source_colors(bubbles)
    parts = [
        _edge(number, bundle, place[bundle.a], place[bundle.b], bubbles, t)
        for number, bundle in enumerate(bundles, start=1)
        if bundle.a != bundle.b
    ]
    parts += [
        _bubble(bubble, float(x), float(y), colors[bubble.end.source], t)
        for bubble, (x, y) in zip(bubbles, place, strict=True)
    ]
    title = t("为何是同一人：记录与依据", "Why these are one person: records and evidence")
    left, right = float(place[:, 0].min()) - _SIDE, float(place[:, 0].max()) + _SIDE
    top = float(place[:, 1].min()) - _ABOVE
    opening = Markup(
        '<svg class="person-graph" viewBox="{:.0f} {:.0f} {:.0f} {:.0f}" width="{:.0f}" role="group" aria-label="{}">'
    ).format(left, top, right - left, height + _MARGIN - top, right - left, title)
    return opening + Markup("").join(parts) + Markup("</svg>")


def source_colors(bubbles: Sequence[Bubble]) -> dict[str, int]:
    """The number of the colour of each source."""
    return {name: n % COLORS for n, name in enumerate(sorted({bubble.end.source for bubble in bubbles}))}


def bubble_name(bubble: Bubble, t: Translate) -> str:
    """What a bubble is called: source, kind, role, how many."""
    parts = (words.source(bubble.end.source), words.label("record", bubble.end.record_type))
    role = t(*words.label("role", bubble.end.role))
    many = f" × {bubble.count}" if bubble.count > 1 else ""
    return f"{t(*parts[0])} {t(*parts[1])} · {role}{many}"


def end_name(end: End, t: Translate) -> str:
    """What a record is called: source, kind, and its key where that is not personal."""
    key = "" if end.natural_key.startswith("h:") else f" {end.natural_key[:40]}"
    kind = t(*words.label("record", end.record_type))
    return f"{t(*words.source(end.source))} {kind}{key} · {t(*words.label('role', end.role))}"


def edge_class(steps: Sequence[Step]) -> str:
    """How an edge looks: sure, scored, against, or a weak bridge."""
    first = steps[0]
    if any(is_weak_bridge(step.is_bridge, step.match_weight) for step in steps):
        return "weak"
    if first.match_weight is None:
        return "sure"
    return "scored" if first.match_weight > 0 else "against"


def _edge(number: int, bundle: Bundle, a: Any, b: Any, bubbles: Sequence[Bubble], t: Translate) -> Markup:
    step = bundle.steps[0]
    (ax, ay), (bx, by) = a.tolist(), b.tolist()
    ends = f"{bubble_name(bubbles[bundle.a], t)} — {bubble_name(bubbles[bundle.b], t)}"
    told = f"{ends}: {t(step.words_zh, step.words)}"
    weight = Markup("")
    if step.match_weight is not None:
        weight = Markup('<text class="weight" x="{:.1f}" y="{:.1f}">{}</text>').format(
            (ax + bx) / 2, (ay + by) / 2 + 4, f"{step.match_weight:+.1f}"
        )
    line = Markup('<line{} x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}"/>')
    kind = edge_class(bundle.steps) + (
        " falls" if any(one.is_bridge and one.n_cut_off > 1 for one in bundle.steps) else ""
    )
    return Markup('<a class="edge {}" href="#edge-{}" aria-label="{}"><title>{}</title>{}{}{}</a>').format(
        kind, number, told, told, line.format(Markup(' class="hit"'), ax, ay, bx, by), line.format("", ax, ay, bx, by),
        weight,
    )  # fmt: skip


def _bubble(bubble: Bubble, x: float, y: float, color: int, t: Translate) -> Markup:
    radius = 12.0 if bubble.count == 1 else min(14.0 + bubble.count**0.5 * 1.5, 26.0)
    inside = (
        Markup('<text class="count" x="{:.1f}" y="{:.1f}">{}</text>').format(x, y + 4, bubble.count)
        if bubble.count > 1
        else Markup("")
    )
    first = t(*words.source(bubble.end.source))
    kind = t(*words.label("record", bubble.end.record_type))
    second = f"{kind} · {t(*words.label('role', bubble.end.role))}"
    return Markup(
        '<g class="node c{}"><title>{}</title><circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}"/>{}'
        '<text x="{:.1f}" y="{:.1f}">{}</text><text class="under" x="{:.1f}" y="{:.1f}">{}</text></g>'
    ).format(
        color, bubble_name(bubble, t), x, y, radius, inside,
        x, y + radius + 13, shortened(first, 12, 110), x, y + radius + 26, shortened(second, 11, 120),
    )  # fmt: skip


def stage_strip(stages: Sequence[Row], t: Translate) -> Markup:
    """Stages one after another on a line of time, as wide as they lasted.

    Args:
        stages: of `console.data.person.strip`.
        t: gives the reader's of two texts.
    """
    told = ", ".join(f"{t(*words.stage(row['stage'], row['stage_zh']))} {row['valid_from']}" for row in stages)
    parts = [
        Markup('<rect class="stage-{}" x="{:.2f}" width="{:.2f}" height="24"><title>{} {} – {}</title></rect>').format(
            row["stage"],
            row["start"] * 1000,
            max(row["share"] * 1000 - 1, 1),
            t(*words.stage(row["stage"], row["stage_zh"])),
            row["valid_from"],
            row["valid_to"] or "",
        )
        for row in stages
    ]
    return (
        Markup(
            '<svg class="strip" viewBox="0 0 1000 24" preserveAspectRatio="none" role="img" aria-label="{}">'
        ).format(told)
        + Markup("").join(parts)
        + Markup("</svg>")
    )


def span(start: float, end: float, low: float, high: float, tone: str) -> Markup:
    """A bar from one value to another on a scale that holds zero; for a row of a waterfall.

    Args:
        start: where the row before ended.
        end: where this one ends.
        low: of the scale.
        high: of the scale.
        tone: class: `for`, `against`, `sum`, `chance`.
    """
    size = max(high - low, 1e-9)
    left, right = sorted(200 * (value - low) / size for value in (start, end))
    zero = 200 * (0 - low) / size
    return Markup(
        '<svg class="fall {}" viewBox="0 0 200 16" preserveAspectRatio="none" aria-hidden="true">'
        '<line x1="{:.1f}" x2="{:.1f}" y1="0" y2="16"/>'
        '<rect x="{:.1f}" y="3" width="{:.1f}" height="10"/></svg>'
    ).format(tone, zero, zero, left, max(right - left, 1.5))
