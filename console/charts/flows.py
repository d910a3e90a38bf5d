"""Who went from where to where."""

from collections.abc import Callable, Sequence

from markupsafe import Markup

from console.charts.drawing import svg


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
    return svg("chart flow", height, title, parts)


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
