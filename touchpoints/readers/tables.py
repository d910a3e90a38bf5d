"""What every reader gives back, and the parts of it that all formats share: header names and reject rows.

Nothing here knows a file format.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from touchpoints.contract import Contract
from touchpoints.contract_words import fold_header
from touchpoints.matching import Match
from touchpoints.normalise.cell import undecorate

ROW: Final = "row_no"
REJECT_SCHEMA: Final = {ROW: pl.Int64, "reason": pl.String, "column": pl.String, "raw_text": pl.String}
# First cell of a row of sums, as tills and shop back ends put at the end.
TOTALS: Final = "合计|总计|总合计|本页合计|小计"


@dataclass(frozen=True)
class Table:
    """One table of a file, recognised but not yet read."""

    part: str  # the sheet's name where a file has several tables, else ""
    match: Match
    encoding: str | None
    header_row: int | None  # 1-based line of the header
    preamble: str  # the text above the header
    read: Callable[[bytes], "Cells"] = field(repr=False, compare=False, default=lambda data: Cells.nothing())
    # The same for a file that comes block by block, where the format allows it; None between batches: what came so far
    # was read in a wrong encoding, and comes again.
    batches: Callable[[Callable[[], Iterator[bytes]]], Iterator["Cells | None"]] | None = field(
        repr=False, compare=False, default=None
    )
    names: tuple[str, ...] = ()  # of the columns, as `unique_names` gives them; paths in JSON


@dataclass(frozen=True)
class Cells:
    """The rows of a table as text.

    `frame` has `row_no` (1-based among the data rows) and one text column a header name; where the format keeps
    the whole row as text (JSON) that is `raw`. Rows that are broken are in `rejects` alone.
    """

    frame: pl.DataFrame
    rejects: pl.DataFrame
    encoding: str | None = None
    raw: pl.Series | None = None

    @property
    def rows_read(self) -> int:
        """Data rows of the file, the broken ones included."""
        return self.frame.height + self.rejects.height

    @staticmethod
    def nothing() -> "Cells":
        """A table without rows."""
        return Cells(pl.DataFrame(schema={ROW: pl.Int64}), pl.DataFrame(schema=REJECT_SCHEMA))


def bare_names(cells: Sequence[str | None]) -> list[str]:
    """Header cells without dressing and blanks around them; an empty cell stays an empty name."""
    names = pl.Series(cells, dtype=pl.String).to_frame("n").select(undecorate(pl.col("n"))).to_series()
    return [fold_header(name) for name in names.fill_null("")]


def unique_names(names: Sequence[str]) -> list[str]:
    """Column names that can stand in one table: nameless ones by position, repeated ones numbered."""
    seen = {ROW: 1}
    unique = []
    for position, name in enumerate(names, start=1):
        name = name or f"column_{position}"
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}.{seen[name]}")
    return unique


def explains_header(cells: Sequence[str | None], names: Sequence[str], contract: Contract) -> bool:
    """Whether the row below the header explains it: words or nothing where every data row has a number.

    Args:
        cells: of that row.
        names: of the header, as `bare_names` gives them.
        contract: says whether its files have such a row at all.
    """
    if not contract.second_header:
        return False
    numbered = {
        n for column in contract.columns.values() if column.required or column.kind == "id" for n in column.names
    }
    said = [cell or "" for cell, name in zip(cells, names, strict=False) if name in numbered]
    return any(cell and cell.strip() for cell in cells) and not any(sign.isdigit() for cell in said for sign in cell)


def reject_rows(rows: pl.DataFrame, reason: str, text: str, *, column: str | None = None) -> pl.DataFrame:
    """Reject rows, from rows with `row_no` and a text column."""
    return rows.select(
        pl.col(ROW).cast(pl.Int64),
        reason=pl.lit(reason),
        column=pl.lit(column, dtype=pl.String),
        raw_text=pl.col(text),
    )


def gather_rejects(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Reject rows of several kinds as one table, by row number."""
    return pl.concat([pl.DataFrame(schema=REJECT_SCHEMA), *parts]).sort(ROW)
