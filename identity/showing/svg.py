"""A small writer of SVG: shapes, text, and nothing that needs a browser to lay it out.

Belongs here: drawing alone. What is drawn is the matter of `pictures` and `charts`.
"""

from html import escape
from typing import Final

FONT: Final = "'Noto Sans SC','Noto Sans CJK SC','PingFang SC','Microsoft YaHei','Helvetica Neue',Arial,sans-serif"
INK: Final = "#1f2933"
PALE: Final = "#7b8794"
LINE: Final = "#cbd2d9"
FOR: Final = "#2f7d4f"
AGAINST: Final = "#c0392b"
SCORE: Final = "#2b6cb0"
WARN: Final = "#d97706"
# Told apart by people who do not tell red from green, too (Okabe and Ito 2008, then greys).
PALETTE: Final = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#8c6d31", "#7f7f7f")


def text_width(text: str, size: float) -> float:
    """About how wide a text is: a Chinese character is as wide as it is high, others about half."""
    return sum(size if ord(c) > 0x2E80 else size * 0.56 for c in text)


def shortened(text: str, size: float, width: float) -> str:
    """The text, cut with an ellipsis where it would be wider."""
    if text_width(text, size) <= width:
        return text
    while text and text_width(text + "…", size) > width:
        text = text[:-1]
    return text + "…"


class Canvas:
    """A drawing that grows by its shapes; sizes are in pixels."""

    def __init__(self) -> None:
        """Starts empty."""
        self._parts: list[str] = []

    def rect(
        self, x: float, y: float, width: float, height: float, fill: str, *, line: str = "none", r: float = 2
    ) -> None:
        """A rectangle."""
        self._add("rect", x=x, y=y, width=width, height=height, rx=r, fill=fill, stroke=line)

    def line(
        self, x1: float, y1: float, x2: float, y2: float, *, color: str = LINE, width: float = 1, dash: str = ""
    ) -> None:
        """A line."""
        self._add("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=color, stroke_width=width, stroke_dasharray=dash or None)

    def circle(self, x: float, y: float, r: float, fill: str, *, line: str = "#ffffff", width: float = 1.5) -> None:
        """A circle."""
        self._add("circle", cx=x, cy=y, r=r, fill=fill, stroke=line, stroke_width=width)

    def text(
        self, x: float, y: float, text: str, *, size: float = 13, color: str = INK, anchor: str = "start",
        bold: bool = False, halo: bool = False,
    ) -> None:  # fmt: skip
        """One line of text, `y` at its baseline; `halo` keeps it readable upon lines."""
        weight, around = ("600" if bold else None), ("#ffffff" if halo else None)
        self._add(
            "text", escape(text), x=x, y=y, font_size=size, fill=color, text_anchor=anchor, font_weight=weight,
            stroke=around, stroke_width=3 if halo else None, paint_order="stroke" if halo else None,
        )  # fmt: skip

    def render(self, width: float, height: float, title: str) -> str:
        """The whole as an SVG document; `title` is read out to those who cannot see it."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="{FONT}" role="img">\n'
            f"<title>{escape(title)}</title>\n"
            f'<rect width="100%" height="100%" fill="#ffffff"/>\n' + "\n".join(self._parts) + "\n</svg>\n"
        )

    def _add(self, name: str, content: str = "", **attributes: float | str | None) -> None:
        told = " ".join(
            f'{key.replace("_", "-")}="{round(value, 2) if isinstance(value, float) else value}"'
            for key, value in attributes.items()
            if value is not None
        )
        self._parts.append(f"<{name} {told}>{content}</{name}>" if content else f"<{name} {told}/>")
