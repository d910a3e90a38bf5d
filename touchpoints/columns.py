"""From a file's own columns to the contract's: undecorated text cells under canonical names, and the raw row.

Still text: types and meaning come after (`rows`). The difference between a column that the file does not have
(null) and a cell that is blank (empty text) is kept, since a newer export supersedes only what it has.
"""

from typing import Final

import polars as pl

from touchpoints.contract import Column, Contract
from touchpoints.normalise.cell import blank_to_null, undecorate
from touchpoints.readers.tables import ROW, Cells

RAW: Final = "_raw"
REASON: Final = "_reason"
REASON_COLUMN: Final = "_column"


def canonical(cells: Cells, contract: Contract) -> pl.DataFrame:
    """The rows of a table under the contract's names.

    Returns:
        row_no, the contract's columns that the file has (text; blank cells are empty), `_raw` (JSON of the
        undecorated cells), `_reason` and `_column` (of rows that the reader refused; null in good rows).
    """
    frame = cells.frame
    own = [name for name in frame.columns if name != ROW]
    frame = frame.with_columns(_undecorated(frame, name) for name in own)
    if cells.raw is None:
        raw = pl.struct(own).struct.json_encode() if own else pl.lit("{}")
        frame = frame.with_columns(raw.alias(RAW))
    else:
        frame = frame.with_columns(cells.raw.alias(RAW))
    is_json = cells.raw is not None
    chosen = {
        name: found for name, column in contract.columns.items() if (found := _cell(column, own, is_json)) is not None
    }
    good = frame.select(ROW, RAW, **chosen)
    rejects = cells.rejects.select(
        ROW, pl.col("raw_text").alias(RAW), pl.col("reason").alias(REASON), pl.col("column").alias(REASON_COLUMN)
    )
    nothing = pl.lit(None, dtype=pl.String)
    good = good.with_columns(nothing.alias(REASON), nothing.alias(REASON_COLUMN))
    return pl.concat([good, rejects], how="diagonal").sort(ROW)


def _undecorated(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Columns without any text, of which exports have many, need no work."""
    if frame[name].null_count() == frame.height:
        return pl.lit(None, dtype=pl.String).alias(name)
    bare = undecorate(pl.col(name))
    return pl.when(bare != "").then(bare).alias(name)


def _cell(column: Column, own: list[str], is_json: bool) -> pl.Expr | None:
    """The first name that has a value; null where the file has none of the names."""
    names = [name for name in column.names if name in own]
    if not names:
        return None
    found = pl.coalesce(names) if len(names) > 1 else pl.col(names[0])
    said = blank_to_null(found)
    if column.blank:
        said = pl.when(~said.is_in(column.blank)).then(said)
    if not is_json:
        return said.fill_null("")
    return pl.when(found.is_not_null()).then(said.fill_null(""))  # a key that is not there says nothing


def text_or_null(name: str) -> pl.Expr:
    """A canonical text column with blank cells as null."""
    return pl.when(pl.col(name) != "").then(pl.col(name)).alias(name)
