"""Probe: the header and the first rows of a file that no contract fits.

What its columns may mean is guessed in `draft`. The header is taken to be the first row that is as wide as the table,
has only words in it, each once, and rows below it.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

import fastexcel
import polars as pl

from touchpoints.files import LandingFile, head_texts
from touchpoints.readers import objects, workbook
from touchpoints.readers.tables import bare_names

_WITHIN: Final = 60
_SAMPLE: Final = 500
_FEWEST: Final = 2
_DELIMITERS: Final = (",", "\t", ";")
# What is a value and no name of one: a number, an amount, a date, a phone.
_VALUE: Final = re.compile(r"^[\s¥$€'`=\"+-]*\d[\d\s.,:/%¥元年月日T+-]*\"?$")


@dataclass(frozen=True)
class Probe:
    """A table as it looks.

    Attributes:
        part: the sheet, where a workbook has several tables.
        form: csv, xlsx, json or jsonl.
        header_row: 1-based; None in JSON.
        names: header names, bare; paths in JSON.
        rows: the first rows below the header, as they are written.
        n_rows: all rows below the header, where the whole table was read.
    """

    part: str
    form: str
    header_row: int | None
    names: list[str]
    rows: list[list[str]]
    n_rows: int | None = None


def probe(file: LandingFile) -> list[Probe]:
    """The tables of a file, in the order in which it has them; none where nothing looks like a header.

    Raises:
        fastexcel.FastExcelError: it begins as a workbook and is none.
    """
    head = file.head()
    if head.startswith(workbook.SIGNATURES):
        return list(_sheets(file.read()))
    complete = file.n_bytes <= len(head)
    if objects.looks_like_json(head):
        found = _of_objects(head, complete)
        return [found] if found else []
    best: Probe | None = None
    for _, text in head_texts(head, complete=complete):
        for delimiter in _DELIMITERS:
            found = _table("", "csv", _split(text, delimiter))
            if found and (best is None or len(found.names) > len(best.names)):
                best = found
        if best:
            return [best]
    return []


def _split(text: str, delimiter: str) -> list[list[str]]:
    try:
        return list(islice(csv.reader(io.StringIO(text), delimiter=delimiter), _SAMPLE + _WITHIN))
    except csv.Error:
        return [line.split(delimiter) for line in text.splitlines()[: _SAMPLE + _WITHIN]]


def _sheets(data: bytes) -> Iterator[Probe]:
    reader = fastexcel.read_excel(data)
    for sheet in reader.sheet_names:
        cells = workbook.load(reader, sheet, "string")
        found = _table(sheet, "xlsx", [[cell or "" for cell in row] for row in cells.head(_SAMPLE + _WITHIN).rows()])
        if found:
            below = cells.slice(found.header_row or 0)
            says = pl.any_horizontal(pl.all().fill_null("").str.contains(r"\S"))
            yield replace(found, n_rows=below.filter(says).height)


def _of_objects(head: bytes, complete: bool) -> Probe | None:
    for _, text in head_texts(head, complete=complete):
        place = objects.place_of_records(text)
        records = objects.sample_objects(text, place)
        if records:
            names = list(dict.fromkeys(path for record in records for path in objects.key_paths(record)))
            rows = [[_text(objects.value_at(record, name)) for name in names] for record in records]
            form = "jsonl" if place is None and not text.lstrip("\ufeff \t\r\n").startswith("[") else "json"
            return Probe(place or "", form, None, names, rows)
    return None


def _text(value: object) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)


def _table(part: str, form: str, rows: Sequence[Sequence[str]]) -> Probe | None:
    full = [sum(bool(cell.strip()) for cell in row) for row in rows]
    width = max(full, default=0)
    if width < _FEWEST:
        return None
    for number, row in enumerate(rows[:_WITHIN]):
        below = [cells for cells, n in zip(rows[number + 1 :], full[number + 1 :], strict=True) if n]
        if below and full[number] >= max(_FEWEST, 0.6 * width) and _are_names(row):
            return Probe(part, form, number + 1, bare_names(list(row)), [list(cells) for cells in below[:_SAMPLE]])
    return None


def _are_names(row: Sequence[str]) -> bool:
    said = [cell.strip() for cell in row if cell.strip()]
    return len(set(said)) >= 0.9 * len(said) and not any(_VALUE.match(cell) for cell in said)
