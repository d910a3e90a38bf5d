"""Delimited text: csv and its relatives with commas, tabs or semicolons.

Rows are told apart here, not by a csv library: exports have preambles, trailers, broken quotes and cut ends, and
every row must be accounted for. What is well formed, nearly everything, then goes through Polars at once.
"""

import csv
import io
from collections.abc import Sequence
from functools import partial
from typing import Final

import polars as pl

from touchpoints.contract import Contract
from touchpoints.files import REPLACEMENT, head_texts, to_utf8
from touchpoints.matching import Match, best_match
from touchpoints.readers.quotes import join_quoted_lines
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

_DELIMITERS: Final = (",", "\t", ";")
_HEADER_WITHIN: Final = 60  # lines; the longest preamble known has 24
_QUOTED: Final = "\x01"  # stands for what is between two quotes
_SLICE: Final = 100_000
_SAYS: Final = "[^\\s`'\"=]"
_SPARE_CELLS: Final = 16  # cells beyond the header that are looked at before a row counts as broken


def recognise(head: bytes, complete: bool, contracts: Sequence[Contract]) -> list[Table]:
    """The table of a delimited file, when a contract fits one of its first lines."""
    fitting = [contract for contract in contracts if "csv" in contract.formats]
    for encoding, text in head_texts(head, complete=complete):
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:_HEADER_WITHIN]
        found = _find_header(lines, fitting)
        if found is not None:
            row, delimiter, match = found
            read = partial(_read, encoding, match.contract, row, delimiter)
            preamble = "\n".join(lines[:row])
            names = unique_names(bare_names(_cells(lines[row], delimiter)))
            return [Table("", match, encoding, row + 1, preamble, read, tuple(names))]
    return []


def _find_header(lines: Sequence[str], contracts: Sequence[Contract]) -> tuple[int, str, Match] | None:
    for row, line in enumerate(lines):
        for delimiter in _DELIMITERS:
            if delimiter not in line:
                continue
            match = best_match(contracts, bare_names(_cells(line, delimiter)))
            if match is not None:
                return row, delimiter, match
    return None


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error:
        return []
    return rows[0] if len(rows) == 1 else []


def _read(likely: str, contract: Contract, header: int, delimiter: str, data: bytes) -> Cells:
    text, encoding = to_utf8(data, likely)
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines = pl.read_lines(io.BytesIO(text)).to_series()
    del text
    head_cells = _cells(lines[header], delimiter)
    names = bare_names(head_cells)
    needed = max(position for position, name in enumerate(names, start=1) if name)
    no_data = [lines[header]]
    if header + 1 < len(lines) and explains_header(_cells(lines[header + 1], delimiter), names, contract):
        no_data.append(lines[header + 1])
    body = _without_trailers(lines.slice(header + 1), no_data, contract)
    rows = join_quoted_lines(body, delimiter, needed, len(names))
    rows = _data_rows(rows, contract, delimiter).with_row_index(ROW, offset=1)
    return _split(rows, unique_names(names), needed, delimiter, encoding)


def _without_trailers(lines: pl.Series, headers: Sequence[str], contract: Contract) -> pl.Series:
    """The lines without repeated headers and without the sections that a trailer opens."""
    line = pl.col("line")
    is_header = line.is_in(headers)
    frame = lines.alias("line").to_frame()
    if contract.trailer_from is None:
        return frame.filter(~is_header).to_series()
    opens = line.str.contains(contract.trailer_from)
    state = pl.when(is_header).then(True).when(opens).then(False).forward_fill().fill_null(True)
    return frame.filter(state & ~is_header).to_series()


def _data_rows(rows: pl.DataFrame, contract: Contract, delimiter: str) -> pl.DataFrame:
    """Rows without blank ones, sums, and what the contract skips."""
    line = pl.col("line")
    blank = line.str.contains(rf'^[{delimiter}\s"]*$')
    totals = line.str.contains(rf"^[{delimiter}\s\"=`']*(?:{TOTALS})[:：]?[\s\"]*(?:{delimiter}|$)")
    unwanted = blank | totals
    if contract.skip_lines is not None:
        unwanted = unwanted | line.str.contains(contract.skip_lines)
    return rows.filter(~unwanted)


def _split(rows: pl.DataFrame, names: Sequence[str], needed: int, delimiter: str, encoding: str) -> Cells:
    """Rows into cells, a slice at a time, since cells take several times the room of their text."""
    line = pl.col("line")
    unreadable = line.str.contains(REPLACEMENT, literal=True)
    rejects = [
        reject_rows(rows.filter(unreadable), "bad_encoding", "line"),
        reject_rows(rows.filter(pl.col("is_broken") & ~unreadable), "unterminated_quote", "line"),
    ]
    rows = _measured(rows.filter(~pl.col("is_broken") & ~unreadable), delimiter)
    few = pl.col("n_cells") < needed
    # One empty cell more is a comma at the end, or the file's habit; several in one row are cells that slipped in.
    slipped = (pl.col("n_cells") > len(names) + 1) & (pl.col("n_cells") != pl.col("n_cells").median())
    many = slipped | (pl.col("n_cells") > len(names) + _SPARE_CELLS)
    rejects.append(reject_rows(rows.filter(few), "too_few_cells", "line"))
    rejects.append(reject_rows(rows.filter(many), "too_many_cells", "line"))
    rows = rows.filter(~few & ~many)
    parts = [_named(part, names, delimiter) for part in rows.iter_slices(_SLICE)] or [_named(rows, names, delimiter)]
    rejects += [refused for _, refused in parts]
    return Cells(pl.concat([good for good, _ in parts]), gather_rejects(rejects), encoding)


def _measured(rows: pl.DataFrame, delimiter: str) -> pl.DataFrame:
    """Rows with `n_cells`, and `is_plain`: a quote in them stands at the beginning or end of a cell alone."""
    line, bare = pl.col("line"), pl.col("bare")
    unquoted = line.str.replace_all('"[^"]*"', _QUOTED)
    rows = rows.with_columns(bare=pl.when(line.str.contains('"', literal=True)).then(unquoted).otherwise(line))
    inside = rf'"|[^{delimiter}=]{_QUOTED}|{_QUOTED}[^{delimiter}]|[^{delimiter}]={_QUOTED}'
    split_formula = line.str.contains(rf'="[^"{delimiter}]*{delimiter}')
    return rows.select(
        ROW,
        "line",
        n_cells=bare.str.count_matches(delimiter, literal=True).cast(pl.Int64) + 1,
        is_plain=~bare.str.contains(inside) & ~split_formula & ~line.str.contains("\n", literal=True),
    )


def _named(rows: pl.DataFrame, names: Sequence[str], delimiter: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The cells of rows under their names, and reject rows for those that say something beyond the header."""
    width = len(names) + _SPARE_CELLS
    frame = _parse(rows, width, delimiter)
    spare = pl.any_horizontal(pl.col(f"c{i}").fill_null("").str.contains(_SAYS) for i in range(len(names), width))
    named = {name: pl.col(f"c{i}") for i, name in enumerate(names)}
    good = frame.filter(~spare).select(pl.col(ROW).cast(pl.Int64), **named)
    return good, reject_rows(frame.filter(spare), "too_many_cells", "line")


def _parse(rows: pl.DataFrame, width: int, delimiter: str) -> pl.DataFrame:
    """The cells c0, c1, … of each row, with its text, in row order."""
    plain = rows.filter("is_plain")
    cells = _by_polars(plain["line"], width, delimiter)
    if cells is None:
        return _by_csv(rows, width, delimiter).sort(ROW)
    read = pl.concat([plain.select(ROW, "line"), cells], how="horizontal")
    return pl.concat([read, _by_csv(rows.filter(~pl.col("is_plain")), width, delimiter)]).sort(ROW)


def _by_polars(lines: pl.Series, width: int, delimiter: str) -> pl.DataFrame | None:
    """The cells of rows without surprises; None when Polars sees other rows in them than we do."""
    schema = {f"c{i}": pl.String for i in range(width)}
    if lines.is_empty():
        return pl.DataFrame(schema=schema)
    try:
        cells = pl.read_csv(
            lines.str.join("\n").item().encode(),
            has_header=False,
            schema=schema,
            separator=delimiter,
            truncate_ragged_lines=True,
            missing_columns="insert",
            extra_columns="ignore",
        )
    except pl.exceptions.PolarsError:
        return None
    return cells if cells.height == len(lines) else None


def _by_csv(rows: pl.DataFrame, width: int, delimiter: str) -> pl.DataFrame:
    """The few rows with quotes inside cells or line breaks, one by one."""
    names = [f"c{i}" for i in range(width)]
    schema = pl.Schema([(ROW, rows.schema[ROW]), ("line", pl.String())])
    schema.update((name, pl.String()) for name in names)
    split = []
    for number, line in rows.select(ROW, "line").iter_rows():
        cells: list[str | None] = [*_cells(line, delimiter)]
        split.append((number, line, *(cells + [None] * width)[:width]))
    return pl.DataFrame(split, schema=schema, orient="row")
