"""Plain tables as files: csv in the encoding of the tool that made it, or a workbook."""

import polars as pl

from simulator.writers.exports import Exports
from simulator.writers.workbook import workbook


def write_csv(out: Exports, path: str, table: pl.DataFrame, exported_at: int, encoding: str = "gb18030") -> None:
    """A csv with CRLF and quotes only where they are needed.

    Args:
        out: the landing folder.
        path: below it.
        table: text columns named as the header; nulls are empty cells.
        exported_at: second of the world.
        encoding: of the file; `utf-8-sig` for one with a byte order mark.
    """
    text = table.write_csv(line_terminator="\r\n", quote_style="necessary")
    out.write(path, text.encode(encoding), exported_at, len(table))


def write_book(out: Exports, path: str, table: pl.DataFrame, exported_at: int, sheet: str, title: str = "") -> None:
    """A workbook of one sheet of text cells, with a title above the header where one is given."""
    data = workbook(sheet, table.columns, table.fill_null(""), created=out.moment(exported_at), title=title)
    out.write(path, data, exported_at, len(table))
