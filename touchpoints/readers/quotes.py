"""Lines to rows: joining the lines of a cell that has line breaks, without letting one stray quote eat the file.

Only for delimited text. A quote that opens and never closes in a plausible row breaks its own line alone.
"""

import csv
import io
from typing import Final

import polars as pl

_MOST_LINES: Final = 400  # of one row; a longer one is a stray quote
_ANY_WIDTH: Final = 10_000


def join_quoted_lines(lines: pl.Series, delimiter: str, fewest: int, most: int) -> pl.DataFrame:
    """Rows (`line`, with line breaks inside where a quoted cell has them) and whether each `is_broken`.

    Args:
        lines: physical lines.
        delimiter: between cells.
        fewest: cells that a whole row has at least.
        most: cells that the header has.
    """
    odd = (lines.str.count_matches('"', literal=True) % 2 == 1).arg_true().to_list()
    if not odd:
        return pl.DataFrame({"line": lines, "is_broken": pl.repeat(False, len(lines), eager=True)})
    joined, broken = _pair_up(lines, odd, delimiter, fewest, most)
    row = pl.Series(range(len(lines)), dtype=pl.Int64).scatter(*_row_of_inner_lines(joined))
    frame = pl.DataFrame({"line": lines, "row": row})
    frame = frame.with_columns(is_broken=pl.int_range(pl.len()).is_in(broken))
    rows = frame.group_by("row", maintain_order=True).agg(pl.col("line").str.join("\n"), pl.col("is_broken").any())
    return rows.select("line", "is_broken")


def open_at_end(lines: pl.Series, delimiter: str) -> int | None:
    """The line at which a quoted cell opens that may close only after the last of these lines; None where none does."""
    odd = (lines.str.count_matches('"', literal=True) % 2 == 1).arg_true().to_list()
    if not odd:
        return None
    _, broken = _pair_up(lines, odd, delimiter, 1, _ANY_WIDTH)
    last = odd[-1]
    if last in broken and len(lines) - last <= _MOST_LINES:
        return int(last)
    return None


def _row_of_inner_lines(joined: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    inner = [(line, first) for first, last in joined for line in range(first, last + 1)]
    return [line for line, _ in inner], [first for _, first in inner]


def _pair_up(
    lines: pl.Series, odd: list[int], delimiter: str, fewest: int, most: int
) -> tuple[list[tuple[int, int]], list[int]]:
    """Which lines with an odd number of quotes open and close one row, and which are broken."""
    joined, broken = [], []
    position = 0
    while position < len(odd):
        first = odd[position]
        last = odd[position + 1] if position + 1 < len(odd) else None
        if last is not None and _is_one_row(lines, first, last, delimiter, fewest, most):
            joined.append((first, last))
            position += 2
        else:
            broken.append(first)
            position += 1
    return joined, broken


def _is_one_row(lines: pl.Series, first: int, last: int, delimiter: str, fewest: int, most: int) -> bool:
    if last - first > _MOST_LINES:
        return False
    text = "\n".join(lines.slice(first, last - first + 1))
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return len(rows) == 1 and fewest <= len(rows[0]) and not any(cell.strip() for cell in rows[0][most:])
