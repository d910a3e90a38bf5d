"""Damage that real files have: repeated rows, cut rows, rows with a cell too many, rows without their key.

All of it is added beside the true rows, so that no true row is lost by it. Order numbers that went through a
spreadsheet are another matter: they replace the true row (`orders.damaged`).
"""

import numpy as np

from simulator.rates import ORDERS

_BROKEN_SHARE = 0.0008


def spoil(rng: np.random.Generator, lines: list[str], *, separator: str = ",", blank: str | None = None) -> list[str]:
    """The same lines with some repeated and some broken copies among them.

    Args:
        rng: draws, one stream a file.
        lines: data rows without header and trailer.
        separator: between cells.
        blank: what an empty first cell looks like; a copy of a row without its key is added when given.
    """
    n = len(lines)
    if n < 20:
        return lines
    extra: list[tuple[int, str]] = []
    for place in rng.integers(0, n, max(1, round(n * ORDERS.repeated_row))):
        extra.append((int(place), lines[place]))
    for place in rng.integers(0, n, max(1, round(n * _BROKEN_SHARE))):
        extra.append((int(place), _broken(lines[place], separator, blank, int(rng.integers(0, 3)))))
    result = list(lines)
    for place, line in sorted(extra, reverse=True):
        result.insert(place + 1, line)
    return result


def _broken(line: str, separator: str, blank: str | None, how: int) -> str:
    cells = line.split(separator)
    if how == 0:
        return separator.join(cells[: max(2, len(cells) // 3)])
    if how == 1 or blank is None:
        middle = len(cells) // 2
        return separator.join([*cells[:middle], "x", "x", *cells[middle:]])
    return separator.join([blank, *cells[1:]])
