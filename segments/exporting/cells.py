"""Cells and bytes of the CSV files: typed values as text, made safe for spreadsheets, in the asked encoding.

What the columns are and where they come from is not known here.
"""

from collections.abc import Collection
from typing import Final, Literal
from zoneinfo import ZoneInfo

import polars as pl

Encoding = Literal["utf-8-sig", "utf-8", "gb18030"]
Language = Literal["zh", "en"]

# What a spreadsheet takes for the beginning of a formula, with the full-width and small forms that it folds onto it.
_SIGNS: Final = "=+\\-@＝＋－＠﹢﹣﹦﹫−"
# Blanks before the sign do not help: some programs strip them. Tab and CR are dangerous on their own.
_FORMULA: Final = rf"^([\s\x{{200B}}\x{{FEFF}}]*[{_SIGNS}]|[\t\r\n])"
# In places where `;` or a tab separates cells, a formula may begin inside a cell of ours.
_INNER_FORMULA: Final = rf"([;\t\r\n][\s]*)([{_SIGNS}])"
_E164: Final = r"^\+[0-9]{6,15}$"
_WORDS: Final[dict[Language, tuple[str, str]]] = {"zh": ("是", "否"), "en": ("yes", "no")}
_CHUNK: Final = 100_000


def safe(text: pl.Expr) -> pl.Expr:
    """Text that no spreadsheet runs: an apostrophe goes before what would begin a formula; other text is unchanged."""
    inner = text.str.replace_all(_INNER_FORMULA, "${1}'${2}")
    return pl.when(text.str.contains(_FORMULA)).then(pl.lit("'") + inner).otherwise(inner)


def as_cells(
    frame: pl.DataFrame, *, language: Language, time_zone: ZoneInfo, e164: Collection[str] = ()
) -> pl.DataFrame:
    """Every column as the text of its cells; nulls become empty cells.

    Args:
        frame: typed columns; datetimes are UTC without a zone.
        language: of the words for true and false.
        time_zone: that datetimes are told in.
        e164: columns of phone numbers that a tool wants with their plus: a plus and digits alone is left as it is.
    """
    cells = {name: _cell(name, dtype, language, time_zone) for name, dtype in frame.schema.items()}
    for name in e164:
        cells[name] = pl.when(pl.col(name).str.contains(_E164)).then(pl.col(name)).otherwise(cells[name])
    return frame.select(cell.fill_null("").alias(name) for name, cell in cells.items())


def encode_csv(cells: pl.DataFrame, encoding: Encoding, *, has_header: bool = True) -> bytes:
    """A frame of text cells as the bytes of a CSV file: comma, CRLF, quotes where needed, header first."""
    cells = cells.with_columns(pl.all().replace("", None))  # an empty text would be written as ""
    header = cells.head(0).write_csv(line_terminator="\r\n") if has_header else ""
    parts = [_encode(header, encoding, first=True)]
    for chunk in cells.iter_slices(_CHUNK):
        text = chunk.write_csv(include_header=False, line_terminator="\r\n", quote_style="necessary")
        parts.append(_encode(text, encoding, first=False))
    return b"".join(parts)


def _encode(text: str, encoding: Encoding, *, first: bool) -> bytes:
    return text.encode("utf-8" if encoding == "utf-8-sig" and not first else encoding)


def _cell(name: str, dtype: pl.DataType, language: Language, time_zone: ZoneInfo) -> pl.Expr:
    column = pl.col(name)
    if dtype == pl.Boolean:
        yes, no = _WORDS[language]
        return pl.when(column).then(pl.lit(yes)).when(column.not_()).then(pl.lit(no))
    if isinstance(dtype, pl.Datetime):
        local = column.dt.replace_time_zone("UTC").dt.convert_time_zone(str(time_zone))
        return local.dt.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(dtype, pl.List):
        return safe(column.cast(pl.List(pl.String)).list.join("、"))
    if dtype.is_float():
        return column.round(2).cast(pl.String)
    if dtype.is_numeric() or dtype == pl.Date:
        return column.cast(pl.String)
    return safe(column.cast(pl.String))
