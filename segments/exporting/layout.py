"""Layout: which columns a file has, under which headers, and how the rows are cut into files.

Rows come in with internal names (`rows.candidates`); what goes out is what a reader or a tool gets to see.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from segments.exporting.cells import Language
from segments.exporting.destination import Destination, DestinationColumn
from segments.exporting.hashing import Normalisation, hashed, normalised
from segments.exporting.rows import CONTACT_COLUMNS
from segments.rules.compile import Compiled
from segments.rules.definition import Label
from segments.saying import say

PERSONAL: Final = {
    "name": Label(zh="姓名", en="Name"),
    "nickname": Label(zh="昵称", en="Nickname"),
    "birth_date": Label(zh="生日", en="Birth date"),
}
ONE_ID: Final = Label(zh="客户编号", en="OneID")
ARM: Final = Label(zh="分组", en="Arm")
LINK: Final = Label(zh="专属链接", en="Personal link")

_SOURCES: Final = {
    "one_id": "one_id",
    "contact": "contact.value",
    "contact_scope": "contact.id_scope",
    "name": "personal.name",
    "nickname": "personal.nickname",
    "arm": "arm",
    "link": "link",
    "staff_code": "staff_code",
    "store_code": "store_code",
}
_CONTACT: Final = "contact.value"
# Channels whose contact points are phone numbers.
PHONES: Final = ("sms", "phone")
_UNSAFE: Final = re.compile(r"[^\w-]+")


@dataclass(frozen=True)
class Laid:
    """Rows as the file has them.

    Attributes:
        frame: typed columns under their headers, one row a person.
        keys: the headers that say who is meant, so that a later delta can name the person.
        split: beside each row the value that it is split by; null where there is no splitting.
        numbers: the headers of phone numbers, whose plus is no formula.
    """

    frame: pl.DataFrame
    keys: tuple[str, ...]
    split: pl.Series
    numbers: tuple[str, ...] = ()


def lay_out(
    rows: pl.DataFrame,
    compiled: Compiled,
    destination: Destination | None,
    *,
    language: Language,
    texts: Mapping[str, str],
    is_plain: bool = False,
) -> Laid:
    """Rows under the headers of their file.

    Args:
        rows: internal columns, one row a person.
        compiled: the audience.
        destination: the tool's template; None is the plain list, as people read it.
        language: of the plain list's headers.
        texts: what is the same in every row: `audience`, `audience_label`, `campaign`.
        is_plain: whether the columns that say more of people than how to reach them are left out.

    Raises:
        DefinitionError: two columns would have one header.
    """
    own = [] if is_plain else _own(rows, compiled, "zh" if destination else language)
    if destination is None:
        columns = [*_plain(rows, compiled, language), *own]
    else:
        columns = _of_tool(rows, destination, texts, own, compiled.definition.channel)
    headers = Counter(header for header, _, _ in columns)
    twice = sorted(header for header, n in headers.items() if n > 1)
    if twice:
        raise compiled.audience.fault(("columns",), say("headers_alike", header=twice[0]), say("other_label"))
    frame = pl.DataFrame([values.alias(header) for header, values, _ in columns])
    split_by = _split_by(rows, destination)
    split = rows[split_by] if split_by else pl.Series("split", [None] * rows.height, dtype=pl.String)
    keys = tuple(header for header, _, is_key in columns if is_key)
    return Laid(frame, keys, split, _numbers(destination, compiled.definition.channel, language))


def parts(laid: Laid, stem: str, max_rows: int | None) -> Iterator[tuple[str, pl.DataFrame]]:
    """The files' names without suffix, and their rows; at least one, be it empty.

    Args:
        laid: the rows.
        stem: of the names.
        max_rows: rows of a file at most.
    """
    taken: set[str] = set()
    for value in sorted(laid.split.unique().to_list(), key=lambda v: (v is None, v)) or [None]:
        rows = laid.frame.filter(laid.split.eq_missing(pl.lit(value))) if laid.frame.height else laid.frame
        name = stem if laid.split.null_count() == laid.split.len() else f"{stem}-{_file_name(value)}"
        while name in taken:  # two codes may differ only in what a file name cannot hold
            name += "_"
        taken.add(name)
        size = max_rows or max(rows.height, 1)
        pieces = [rows.slice(start, size) for start in range(0, max(rows.height, 1), size)]
        for number, piece in enumerate(pieces, start=1):
            yield (name if len(pieces) == 1 else f"{name}-{number:02d}"), piece


def _file_name(value: str | None) -> str:
    return _UNSAFE.sub("_", value) if value else "none"


def _split_by(rows: pl.DataFrame, destination: Destination | None) -> str | None:
    """A tool that cannot be told the arm in a column gets a file for each."""
    if destination is None:
        return None
    if destination.split_by is not None:
        return destination.split_by
    tells_arm = any(column.source == "arm" for column in destination.columns)
    return "arm" if "arm" in rows.columns and not tells_arm and rows["arm"].n_unique() > 1 else None


_Column = tuple[str, pl.Series, bool]


def _plain(rows: pl.DataFrame, compiled: Compiled, language: Language) -> list[_Column]:
    definition = compiled.definition
    labels = {"one_id": ONE_ID}
    if definition.channel is not None:
        labels |= {f"contact.{name}": label for name, label in CONTACT_COLUMNS[definition.channel].items()}
    keys = set(labels)
    labels |= {f"personal.{name}": PERSONAL[name] for name in definition.personal if f"personal.{name}" in rows.columns}
    labels |= {name: label for name, label in (("arm", ARM), ("link", LINK)) if name in rows.columns}
    is_number = definition.channel in PHONES
    values = {name: _dialled(rows) if is_number and name == _CONTACT else rows[name] for name in labels}
    return [(getattr(label, language), values[name], name in keys) for name, label in labels.items()]


def _dialled(rows: pl.DataFrame) -> pl.Series:
    return normalised(rows[_CONTACT], rows["contact.id_scope"], "dialled")


def _numbers(destination: Destination | None, channel: str | None, language: Language) -> tuple[str, ...]:
    if destination is None:
        return (getattr(CONTACT_COLUMNS[channel]["value"], language),) if channel and channel in PHONES else ()
    return tuple(
        column.header
        for column in destination.columns
        if column.header and column.hash is None and _form(column, channel) in ("e164", "dialled")
    )


def _form(column: DestinationColumn, channel: str | None) -> Normalisation | None:
    """How a contact point is written: a phone as it is dialled, unless the tool wants it otherwise."""
    is_number = column.source == "contact" and column.hash is None and (column.channel or channel) in PHONES
    return column.normalise or ("dialled" if is_number else None)


def _own(rows: pl.DataFrame, compiled: Compiled, language: Language) -> list[_Column]:
    labels = {one.column: getattr(one.label, language) for one in compiled.definition.columns if one.label is not None}
    return [(labels.get(name, name), rows[name], False) for name in compiled.columns]


def _of_tool(
    rows: pl.DataFrame, destination: Destination, texts: Mapping[str, str], own: list[_Column], channel: str | None
) -> list[_Column]:
    columns: list[_Column] = []
    for column in destination.columns:
        if column.source == "columns":
            columns += own
        elif column.header is not None:
            columns.append((column.header, _values(rows, column, texts, channel), column.is_identifying))
    return columns


def _values(rows: pl.DataFrame, column: DestinationColumn, texts: Mapping[str, str], channel: str | None) -> pl.Series:
    fixed = column.text if column.source is None else texts.get(column.source)
    if column.source is None or column.source in ("audience", "audience_label", "campaign"):
        return pl.Series([fixed] * rows.height, dtype=pl.String)
    name = _SOURCES[column.source]
    if column.source == "contact" and column.channel is not None and f"contact.{column.channel}.value" in rows.columns:
        name = f"contact.{column.channel}.value"
    if name not in rows.columns:
        return pl.Series([None] * rows.height, dtype=pl.String)
    values = rows[name]
    if column.source == "contact":
        countries = rows[name.replace(".value", ".id_scope")]
        values = hashed(normalised(values, countries, _form(column, channel)), column.hash)
    return values
