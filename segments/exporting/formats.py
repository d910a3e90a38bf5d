"""File formats of exports: a frame with its headers becomes the bytes of a CSV, Excel or Parquet file.

What the columns are and where they come from is not known here; how a cell is written is the matter of `cells`.
"""

import datetime as dt
import io
from collections.abc import Collection
from typing import Final, Literal, get_args
from zoneinfo import ZoneInfo

import polars as pl

from common.errors import UsageError
from segments.exporting.cells import Encoding, Language, as_cells, encode_csv
from segments.saying import say

Format = Literal["csv", "xlsx", "parquet"]
ENCODINGS: Final = get_args(Encoding)
FORMATS: Final = get_args(Format)
# Excel's own limit, with one row for the headers.
XLSX_ROWS: Final = 1_048_575
# A workbook carries the moment of its making; one moment for all keeps the bytes the same.
_MADE: Final = dt.datetime(2000, 1, 1)


def check_format(fmt: str, encoding: str) -> None:
    """Refuses what cannot be written.

    Raises:
        UsageError: the format or the encoding is not known.
    """
    if fmt not in FORMATS:
        raise UsageError(say("format_unknown", given=repr(fmt), known=", ".join(FORMATS)))
    if encoding not in ENCODINGS:
        raise UsageError(say("encoding_unknown", given=repr(encoding), known=", ".join(ENCODINGS)))


def encode(
    frame: pl.DataFrame,
    *,
    fmt: Format,
    encoding: Encoding,
    language: Language,
    time_zone: ZoneInfo,
    has_header: bool = True,
    e164: Collection[str] = (),
) -> bytes:
    """A frame as the bytes of a file.

    Args:
        frame: typed columns under the headers of the file; datetimes are UTC without a zone.
        fmt: csv and xlsx hold text cells that no spreadsheet runs; parquet holds the values with their types.
        encoding: of a CSV.
        language: of the words for true and false.
        time_zone: that datetimes are told in.
        has_header: whether the first row of a CSV or workbook names the columns.
        e164: columns of phone numbers with their plus.
    """
    if fmt == "parquet":
        file = io.BytesIO()
        frame.write_parquet(file)
        return file.getvalue()
    cells = as_cells(frame, language=language, time_zone=time_zone, e164=e164)
    if fmt == "xlsx":
        return _workbook(cells, has_header=has_header)
    return encode_csv(cells, encoding, has_header=has_header)


def _workbook(cells: pl.DataFrame, *, has_header: bool) -> bytes:
    """Every cell is text, so that long numbers keep their digits and nothing is taken for a formula or a link."""
    import xlsxwriter

    file = io.BytesIO()
    plain = {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, {"in_memory": True, **plain}) as book:
        book.set_properties({"created": _MADE})
        sheet, text = book.add_worksheet(), book.add_format({"num_format": "@"})
        sheet.set_column(0, max(cells.width - 1, 0), None, text)
        first = [tuple(cells.columns)] if has_header else []
        for number, row in enumerate([*first, *cells.iter_rows()]):
            for column, cell in enumerate(row):
                if cell != "":
                    sheet.write_string(number, column, cell, text)
    return file.getvalue()
