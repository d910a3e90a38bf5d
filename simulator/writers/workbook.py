"""Excel workbooks whose bytes depend on their content alone."""

import io
from datetime import datetime

import polars as pl
import xlsxwriter


def workbook(sheet: str, columns: list[str], table: pl.DataFrame, *, created: datetime, title: str = "") -> bytes:
    """A workbook with one sheet of text cells.

    Args:
        sheet: the sheet's name.
        columns: the header.
        table: text columns in the order of the header; empty texts become empty cells.
        created: what the document says of its making.
        title: a merged row above the header; none when empty.
    """
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "constant_memory": False})
    book.set_properties({"created": created})
    page = book.add_worksheet(sheet)
    top = 0
    if title:
        page.merge_range(0, 0, 0, len(columns) - 1, title)
        top = 1
    for column, name in enumerate(columns):
        page.write_string(top, column, name)
    for row, values in enumerate(table.iter_rows(), start=top + 1):
        for column, value in enumerate(values):
            if value:
                page.write_string(row, column, value)
    book.close()
    return buffer.getvalue()
