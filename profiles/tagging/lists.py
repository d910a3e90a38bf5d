"""Reads imported lists: CSV files of the brand that name people. Finding these is for whoever has the vault."""

import csv
import io
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import polars as pl

from profiles.tagging.model import ImportedTag

LIST_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "row_no": pl.Int64,  # from 1, the header not counted
    "one_id": pl.String,
    "phone": pl.String,  # as written
    "email": pl.String,
    "value_hash": pl.String,
    "value": pl.String,
    "valid_from": pl.Date,
    "expires_date": pl.Date,
}
_HEADERS: Final = {
    "one_id": ("one_id", "oneid", "one id"),
    "phone": ("phone", "mobile", "手机号", "手机号码", "手机", "电话"),
    "email": ("email", "e-mail", "邮箱", "电子邮箱"),
    "value_hash": ("value_hash", "hash", "哈希", "加密哈希"),
    "value": ("value", "标签值", "值", "取值"),
    "valid_from": ("valid_from", "生效日期", "开始日期", "加入日期"),
    "expires_date": ("expires_date", "expires", "expiry", "失效日期", "到期日期", "有效期至", "截止日期"),
}
_PEOPLE: Final = ("one_id", "phone", "email", "value_hash")


@dataclass(frozen=True)
class TagList:
    """A list as it was read: columns of `LIST_SCHEMA`, or none and what is wrong with the file."""

    tag: ImportedTag
    rows: pl.DataFrame
    problem: str | None = None


def read_list(tag: ImportedTag) -> TagList:
    """The list that lies beside a tag. A file that cannot be used holds the tag empty and says why; nothing raises."""
    path = tag.path.with_name(tag.file)
    if not path.is_file():
        return _unusable(tag, f"There is no file {tag.file} beside {tag.path.name}; put it there.")
    text = _text(path)
    if text is None:
        return _unusable(tag, f"{tag.file} is neither UTF-8 nor GB18030; save it as CSV in one of them.")
    table = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text)) if any(map(str.strip, row))]
    places = _places(table[0]) if table else {}
    if not places.keys() & set(_PEOPLE):
        return _unusable(tag, f"{tag.file} has no column that names people; head one {' or '.join(_PEOPLE)}.")
    columns = {name: [_cell(row, places.get(name)) for row in table[1:]] for name in _HEADERS}
    for name in ("valid_from", "expires_date"):
        days = [_day(cell) for cell in columns[name]]
        if any(cell and not day for cell, day in zip(columns[name], days, strict=True)):
            return _unusable(tag, f"{tag.file} has a {name} that is no date; write it as YYYY-MM-DD.")
        columns[name] = days  # type: ignore[assignment]  # days from here on
    return TagList(tag, pl.DataFrame({"row_no": range(1, len(table)), **columns}, schema=LIST_SCHEMA))


def _unusable(tag: ImportedTag, problem: str) -> TagList:
    return TagList(tag, pl.DataFrame(schema=LIST_SCHEMA), problem)


def _text(path: Path) -> str | None:
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _places(header: list[str]) -> dict[str, int]:
    names = [cell.lower() for cell in header]
    return {
        column: names.index(found)
        for column, known in _HEADERS.items()
        if (found := next((name for name in known if name in names), None)) is not None
    }


def _cell(row: list[str], place: int | None) -> str | None:
    return (row[place] or None) if place is not None and place < len(row) else None


def _day(cell: str | None) -> date | None:
    """A date as people write it: 2026-06-01, 2026/6/1, 20260601."""
    if not cell:
        return None
    parts = cell.split(" ")[0].replace("/", "-").replace(".", "-").split("-")
    if len(parts) == 1 and len(parts[0]) == 8:
        parts = [parts[0][:4], parts[0][4:6], parts[0][6:]]
    try:
        year, month, day = map(int, parts)
        return date(year, month, day)
    except ValueError:
        return None
