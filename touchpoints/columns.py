"""From a file's own columns to the contract's: undecorated text cells under canonical names, and the raw row.

Still text: types and meaning come after (`rows`). The difference between a column that the file does not have
(null) and a cell that is blank (empty text) is kept, since a newer export supersedes only what it has.
"""

from typing import Final

import polars as pl

from touchpoints.contract import Column, Contract
from touchpoints.normalise.cell import DEFAULT_PLACEHOLDERS, blank_to_null, undecorate
from touchpoints.readers.tables import ROW, Cells

RAW: Final = "_raw"
REASON: Final = "_reason"
REASON_COLUMN: Final = "_column"
# A cell that could lose something to `undecorate`: dressing or blanks at its ends, or characters without width.
_WIDTHLESS: Final = r"\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2069}\x{feff}\x{ad}"
_DRESSED: Final = rf"^$|^[\s\x{{a0}}='`]|[\s\x{{a0}}]$|[{_WIDTHLESS}]"
# The usual dressing of numbers that a spreadsheet shall not touch: `="123"`, `'123`. Nothing stands inside to undress.
_PLAIN: Final = r"[0-9A-Za-z._:/@+\-]+"
_USUAL: Final = rf"^(?:=\"{_PLAIN}\"|['`]{_PLAIN})$"
_USUAL_SIGNS: Final = "=\"'`"
_LONGEST_PLACEHOLDER: Final = max(len(word.encode()) for word in DEFAULT_PLACEHOLDERS)


def canonical(cells: Cells, contract: Contract) -> pl.DataFrame:
    """The rows of a table under the contract's names.

    Returns:
        row_no, the contract's columns that the file has (text; blank cells are empty), `_raw` (JSON of the
        undecorated cells), `_reason` and `_column` (of rows that the reader refused; null in good rows).
    """
    frame = cells.frame
    own = [name for name in frame.columns if name != ROW]
    frame = frame.with_columns(_undecorated(frame.select(own)))
    if cells.raw is None:
        raw = pl.struct(own).struct.json_encode() if own else pl.lit("{}")
        frame = frame.with_columns(raw.alias(RAW))
    else:
        frame = frame.with_columns(cells.raw.alias(RAW))
    good = pl.concat([frame.select(ROW, RAW), _chosen(frame, contract, cells.raw is not None)], how="horizontal")
    rejects = cells.rejects.select(
        ROW, pl.col("raw_text").alias(RAW), pl.col("reason").alias(REASON), pl.col("column").alias(REASON_COLUMN)
    )
    nothing = pl.lit(None, dtype=pl.String)
    good = good.with_columns(nothing.alias(REASON), nothing.alias(REASON_COLUMN))
    return pl.concat([good, rejects], how="diagonal").sort(ROW) if rejects.height else good


def _undecorated(cells: pl.DataFrame) -> list[pl.Series]:
    """The columns that have dressing, without it, blank cells null. Most have none, as one glance at all tells."""
    glance = cells.select(pl.all().str.contains(_DRESSED).any())
    return [_undecorated_cells(cells[name]) for name in cells.columns if glance[name][0]]


def _undecorated_cells(cells: pl.Series) -> pl.Series:
    dressed = cells.str.contains(_DRESSED).fill_null(False)
    if dressed.all():
        return _undressed(cells)
    return cells.scatter(dressed.arg_true(), _undressed(cells.filter(dressed)))


def _undressed(cells: pl.Series) -> pl.Series:
    cell = pl.col("cell")
    frame = cells.to_frame("cell")
    usual = frame.select(cell.str.contains(_USUAL)).to_series()
    bare = cell.str.strip_chars(_USUAL_SIGNS) if usual.all() else _nothing_to_null(undecorate(cell))
    return frame.select(bare).to_series().alias(cells.name)


def _nothing_to_null(text: pl.Expr) -> pl.Expr:
    return pl.when(text != "").then(text)


def _chosen(frame: pl.DataFrame, contract: Contract, is_json: bool) -> pl.DataFrame:
    """The contract's columns that the file has; blank cells are empty.

    All columns go through each step at once: a step for each column costs more than the work in it.
    """
    told = {name: _first_said(frame, column) for name, column in contract.columns.items()}
    found = frame.select(cells.alias(name) for name, cells in told.items() if cells is not None)
    # The words for "nothing" are looked for among the short cells, each of which is looked at once.
    cells, word = pl.all(), pl.element()
    short = found.select(cells.filter(cells.str.len_bytes() <= _LONGEST_PLACEHOLDER).unique().implode())
    empty = short.select(pl.all().list.eval(word.filter(blank_to_null(word).is_null())))
    return found.select(
        _said(name, [*empty[name].item(), *contract.columns[name].blank], is_json) for name in found.columns
    )


def _said(name: str, blank: list[str], is_json: bool) -> pl.Expr:
    cells = pl.col(name)
    said = pl.when(cells.is_in(sorted(set(blank)))).then(pl.lit("")).otherwise(cells).alias(name) if blank else cells
    # In JSON a key that is not there says nothing; in a table a cell without text says: blank.
    return said if is_json else said.fill_null("")


def _first_said(frame: pl.DataFrame, column: Column) -> pl.Expr | None:
    """The cells of the first name that has a value; None where the file has none of the names."""
    names = [name for name in column.names if name in frame.columns]
    if not names:
        return None
    found = pl.col(names[0]) if len(names) == 1 else pl.coalesce(names)
    if behind := [name for name in column.followed_by if name in frame.columns]:
        both = pl.concat_str(found, pl.coalesce(behind), separator=" ", ignore_nulls=True)
        found = pl.when(found.is_not_null()).then(both)
    return found if column.extract is None else found.str.extract(column.extract)


def text_or_null(name: str) -> pl.Expr:
    """A canonical text column with blank cells as null."""
    return pl.when(pl.col(name) != "").then(pl.col(name)).alias(name)
