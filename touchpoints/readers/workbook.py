"""Workbooks: xlsx, each sheet a table of its own when a contract fits it.

Text comes from the cells as stored. A number of 2^53 or more has lost digits when the spreadsheet stored it; it is
given back in scientific notation, so that nobody takes it for an identifier.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

import fastexcel
import polars as pl

from touchpoints.contract import Contract
from touchpoints.matching import Match, best_match
from touchpoints.readers.tables import (
    ROW,
    TOTALS,
    Cells,
    Table,
    bare_names,
    explains_header,
    gather_rejects,
    reject_rows,
    unique_names,
)

_EXACT_BELOW: Final = 2.0**53
_HEADER_WITHIN: Final = 60
_FEWEST_COLUMNS: Final = 3  # of what is taken for a table
SIGNATURES: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # xlsx, xls


def recognise(head: bytes, complete: bool, contracts: Sequence[Contract]) -> list[Table]:
    """The sheets of a workbook that a contract fits; `head` is the whole file here.

    Raises:
        fastexcel.FastExcelError: the bytes are no workbook.
    """
    fitting = [contract for contract in contracts if "xlsx" in contract.formats]
    reader = fastexcel.read_excel(head)
    tables = []
    for sheet in reader.sheet_names:
        cells = load(reader, sheet, "string")
        found = _find_header(cells, fitting)
        if found is None:
            continue
        row, match = found
        preamble = "\n".join(",".join(c for c in line if c) for line in cells.head(row).iter_rows())
        read = partial(_read, sheet, match.contract, row)
        names = unique_names(bare_names(cells.row(row)))
        tables.append(Table(sheet, match, None, row + 1, preamble, read, names=tuple(names)))
    return tables


def strangers(data: bytes, tables: Sequence[Table]) -> list[str]:
    """The sheets of a workbook that look like tables and are none of those that a contract fits."""
    reader = fastexcel.read_excel(data)
    known = {table.part for table in tables}
    return [sheet for sheet in reader.sheet_names if sheet not in known and _is_table(load(reader, sheet, "string"))]


def _is_table(cells: pl.DataFrame) -> bool:
    """Whether at least two rows have three cells that say something."""
    if cells.width < _FEWEST_COLUMNS:
        return False
    full = pl.sum_horizontal(pl.all().fill_null("").str.contains(r"\S"))
    return cells.head(_HEADER_WITHIN).filter(full >= _FEWEST_COLUMNS).height > 1


def load(reader: fastexcel.ExcelReader, sheet: str, dtype: fastexcel.DType) -> pl.DataFrame:
    """The cells of a sheet, all as one type, in columns c0, c1, …"""
    frame = reader.load_sheet(sheet, header_row=None, dtypes=dtype).to_polars()
    return frame.rename({name: f"c{i}" for i, name in enumerate(frame.columns)})


def _find_header(cells: pl.DataFrame, contracts: Sequence[Contract]) -> tuple[int, Match] | None:
    for row, values in enumerate(cells.head(_HEADER_WITHIN).iter_rows()):
        match = best_match(contracts, bare_names(values))
        if match is not None:
            return row, match
    return None


def _read(sheet: str, contract: Contract, header: int, data: bytes) -> Cells:
    reader = fastexcel.read_excel(data)
    cells = _without_damaged_numbers(reader, sheet)
    names = bare_names(cells.row(header))
    width = max(position for position, name in enumerate(names, start=1) if name)
    text = pl.concat_str(pl.all().fill_null(""), separator="\t")
    rows = cells.slice(header + 1).with_columns(line=text)
    if rows.height and explains_header(cells.row(header + 1), names, contract):
        rows = rows.slice(1)
    rows = rows.filter(~_is_no_data(contract, cells.row(header))).with_row_index(ROW, offset=1)
    spare = [pl.col(f"c{i}").fill_null("").str.contains(r"\S") for i in range(width, len(names))]
    too_many = pl.any_horizontal(spare) if spare else pl.lit(False)
    rejects = reject_rows(rows.filter(too_many), "too_many_cells", "line")
    named = {name: pl.col(f"c{i}") for i, name in enumerate(unique_names(names[:width]))}
    good = rows.filter(~too_many).select(pl.col(ROW).cast(pl.Int64), **named)
    return Cells(good, gather_rejects([rejects]))


def _is_no_data(contract: Contract, header: Sequence[str | None]) -> pl.Expr:
    line = pl.col("line")
    unwanted = line.str.contains(r"^\s*$") | line.str.contains(rf"^\s*(?:{TOTALS})[:：]?\s*(?:\t|$)")
    unwanted = unwanted | (line == "\t".join(cell or "" for cell in header))
    for pattern in (contract.skip_lines, contract.trailer_from):
        if pattern is not None:
            unwanted = unwanted | line.str.contains(pattern)
    return unwanted


def _without_damaged_numbers(reader: fastexcel.ExcelReader, sheet: str) -> pl.DataFrame:
    """The text of all cells; numbers too large to be exact as `5.113838E+18`."""
    text = load(reader, sheet, "string")
    long = [name for name in text.columns if (text[name].str.len_bytes() >= 16).any()]
    if not long:
        return text
    number = load(reader, sheet, "float")
    # Read as truth, a number gives true and text gives nothing: the only way to learn a cell's own type.
    stored = load(reader, sheet, "boolean")
    return text.with_columns(
        pl.when(stored[name].is_not_null() & (number[name].abs() >= _EXACT_BELOW))
        .then(number[name].map_elements(lambda value: f"{value:.6E}", return_dtype=pl.String))
        .otherwise(text[name])
        .alias(name)
        for name in long
    )
