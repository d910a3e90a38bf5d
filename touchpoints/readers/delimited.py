"""Delimited text: csv and its relatives with commas, tabs or semicolons.

Rows are told apart here, not by a csv library: exports have preambles, trailers, broken quotes and cut ends, and
every row must be accounted for. What is well formed, nearly everything, then goes through Polars at once.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import polars as pl

from common.errors import GuiyiError
from touchpoints.contract import Contract
from touchpoints.files import REPLACEMENT, head_texts, ways_to_read
from touchpoints.matching import Match, best_match
from touchpoints.readers.blocks import line_blocks
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
            how = (encoding, match.contract, row, delimiter)
            preamble = "\n".join(lines[:row])
            names = unique_names(bare_names(_cells(lines[row], delimiter)))
            return [
                Table(
                    "", match, encoding, row + 1, preamble, partial(_read, *how), partial(_batches, *how), tuple(names)
                )
            ]
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


@dataclass
class _Reading:
    """How far the reading of a file has come.

    Attributes:
        names: of the header, bare.
        no_data: lines that are not data wherever they stand: the header, and what explains it.
        n_rows: data rows so far.
        in_trailer: after a line that opens a trailer.
        usual_cells: how many cells most rows have.
    """

    contract: Contract
    delimiter: str
    encoding: str
    names: list[str]
    no_data: list[str]
    n_rows: int = 0
    in_trailer: bool = False
    usual_cells: float | None = None

    @property
    def needed(self) -> int:
        """Cells that a whole row has at least."""
        return max(position for position, name in enumerate(self.names, start=1) if name)


def _read(likely: str, contract: Contract, header: int, delimiter: str, data: bytes) -> Cells:
    """A whole file that is in memory."""
    parts: list[Cells] = []
    for cells in _batches(likely, contract, header, delimiter, lambda: iter([data])):
        parts = [*parts, cells] if cells is not None else []
    frames, rejects = [part.frame for part in parts], [part.rejects for part in parts]
    return Cells(pl.concat(frames), gather_rejects(rejects), parts[-1].encoding)


def _batches(
    likely: str, contract: Contract, header: int, delimiter: str, blocks: Callable[[], Iterator[bytes]]
) -> Iterator[Cells | None]:
    """The file's cells, block by block; None when another encoding has to be tried from the beginning."""
    for encoding, errors in ways_to_read(next(blocks(), b""), likely):
        try:
            yield from _in_encoding(encoding, errors, contract, header, delimiter, blocks())
            return
        except UnicodeDecodeError:
            yield None


def _in_encoding(
    encoding: str, errors: str, contract: Contract, header: int, delimiter: str, blocks: Iterator[bytes]
) -> Iterator[Cells]:
    reading: _Reading | None = None
    for lines, last in line_blocks(blocks, encoding, errors, delimiter):
        if reading is None:
            if len(lines) <= header and not last:
                raise GuiyiError("Its header lies too far from its beginning; export it again.")
            names = bare_names(_cells(lines[header], delimiter))
            reading = _Reading(contract, delimiter, encoding, names, [lines[header]])
            if header + 1 < len(lines) and explains_header(_cells(lines[header + 1], delimiter), names, contract):
                reading.no_data.append(lines[header + 1])
            lines = lines.slice(header + 1)
        yield _cells_of(lines, reading)


def _cells_of(lines: pl.Series, reading: _Reading) -> Cells:
    """The cells of a block of lines."""
    body = _without_trailers(lines, reading)
    rows = join_quoted_lines(body, reading.delimiter, reading.needed, len(reading.names))
    rows = _data_rows(rows, reading.contract, reading.delimiter).with_row_index(ROW, offset=reading.n_rows + 1)
    reading.n_rows += rows.height
    return _split(rows, reading)


def _without_trailers(lines: pl.Series, reading: _Reading) -> pl.Series:
    """The lines without repeated headers and without the sections that a trailer opens."""
    line = pl.col("line")
    is_header = line.is_in(reading.no_data)
    frame = lines.alias("line").to_frame()
    opening = reading.contract.trailer_from
    if opening is None:
        return frame.filter(~is_header).to_series()
    opens = line.str.contains(opening)
    state = pl.when(is_header).then(True).when(opens).then(False).forward_fill().fill_null(not reading.in_trailer)
    frame = frame.with_columns(state=state)
    reading.in_trailer = not frame["state"][-1] if frame.height else reading.in_trailer
    return frame.filter(pl.col("state") & ~is_header)["line"]


def _data_rows(rows: pl.DataFrame, contract: Contract, delimiter: str) -> pl.DataFrame:
    """Rows without blank ones, sums, and what the contract skips."""
    line = pl.col("line")
    blank = line.str.contains(rf'^[{delimiter}\s"]*$')
    totals = line.str.contains(rf"^[{delimiter}\s\"=`']*(?:{TOTALS})[:：]?[\s\"]*(?:{delimiter}|$)")
    unwanted = blank | totals
    if contract.skip_lines is not None:
        unwanted = unwanted | line.str.contains(contract.skip_lines)
    return rows.filter(~unwanted)


def _split(rows: pl.DataFrame, reading: _Reading) -> Cells:
    """Rows into cells, a slice at a time, since cells take several times the room of their text."""
    line = pl.col("line")
    unreadable = line.str.contains(REPLACEMENT, literal=True)
    rejects = [
        reject_rows(rows.filter(unreadable), "bad_encoding", "line"),
        reject_rows(rows.filter(pl.col("is_broken") & ~unreadable), "unterminated_quote", "line"),
    ]
    rows = _measured(rows.filter(~pl.col("is_broken") & ~unreadable), reading)
    if reading.usual_cells is None and rows.height:
        median = rows["n_cells"].median()
        reading.usual_cells = float(median) if isinstance(median, int | float) else None
    few = pl.col("n_cells") < reading.needed
    # One empty cell more is a comma at the end, or the file's habit; several in one row are cells that slipped in.
    n_names = len(reading.names)
    slipped = (pl.col("n_cells") > n_names + 1) & (pl.col("n_cells") != pl.lit(reading.usual_cells, dtype=pl.Float64))
    many = slipped | (pl.col("n_cells") > n_names + _SPARE_CELLS)
    rejects.append(reject_rows(rows.filter(few), "too_few_cells", "line"))
    rejects.append(reject_rows(rows.filter(many), "too_many_cells", "line"))
    rows = rows.filter(~few & ~many)
    parts = [_named(part, reading) for part in rows.iter_slices(_SLICE)] or [_named(rows, reading)]
    rejects += [refused for _, refused in parts]
    return Cells(pl.concat([good for good, _ in parts]), gather_rejects(rejects), reading.encoding)


def _measured(rows: pl.DataFrame, reading: _Reading) -> pl.DataFrame:
    """Rows with `n_cells`, and `is_plain`: a quote in them stands at the beginning or end of a cell alone.

    A count of signs is enough for nearly all rows: what it cannot tell is looked at sign by sign.
    """
    line, delimiter = pl.col("line"), reading.delimiter
    marks = (f'"{delimiter}', f'{delimiter}"', '="')
    at_edges = pl.sum_horizontal(
        *(line.str.count_matches(mark, literal=True) for mark in marks),
        line.str.starts_with('"').cast(pl.UInt32),
        line.str.ends_with('"').cast(pl.UInt32),
    )
    rows = rows.with_columns(
        n_quotes=line.str.count_matches('"', literal=True),
        at_edges=at_edges,
        n_cells=line.str.count_matches(delimiter, literal=True).cast(pl.Int64) + 1,
    )
    simple = (pl.col("n_quotes") == 0) | (
        # Two quotes in every piece between delimiters, all at its edges: no delimiter stands inside quotes.
        (pl.col("n_quotes") == pl.col("at_edges"))
        & (pl.col("n_quotes") == 2 * pl.col("n_cells"))
        & (pl.col("n_cells") == len(reading.names))
        & ~line.str.contains("\n", literal=True)
    )
    rows = rows.with_columns(simple=simple)
    clear = rows.filter("simple").select(ROW, "line", "n_cells", is_plain=pl.lit(True))
    if clear.height == rows.height:
        return clear
    return pl.concat([clear, _looked_at(rows.filter(~pl.col("simple")), delimiter)]).sort(ROW)


def _looked_at(rows: pl.DataFrame, delimiter: str) -> pl.DataFrame:
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


def _named(rows: pl.DataFrame, reading: _Reading) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The cells of rows under their names, and reject rows for those that say something beyond the header."""
    names = unique_names(reading.names)
    most = rows["n_cells"].max()
    width = max(len(names), most if isinstance(most, int) else 0)
    frame = _parse(rows, width, reading.delimiter)
    named = {name: pl.col(f"c{i}") for i, name in enumerate(names)}
    if width == len(names):
        return frame.select(pl.col(ROW).cast(pl.Int64), **named), reject_rows(frame.clear(), "too_many_cells", "line")
    spare = pl.any_horizontal(pl.col(f"c{i}").fill_null("").str.contains(_SAYS) for i in range(len(names), width))
    good = frame.filter(~spare).select(pl.col(ROW).cast(pl.Int64), **named)
    return good, reject_rows(frame.filter(spare), "too_many_cells", "line")


def _parse(rows: pl.DataFrame, width: int, delimiter: str) -> pl.DataFrame:
    """The cells c0, c1, … of each row, with its text, in row order."""
    plain = rows.filter("is_plain")
    cells = _by_polars(plain["line"], width, delimiter)
    if cells is None:
        return _by_csv(rows, width, delimiter).sort(ROW)
    read = pl.concat([plain.select(ROW, "line"), cells], how="horizontal")
    if plain.height == rows.height:
        return read
    return pl.concat([read, _by_csv(rows.filter(~pl.col("is_plain")), width, delimiter)]).sort(ROW)


def _by_polars(lines: pl.Series, width: int, delimiter: str) -> pl.DataFrame | None:
    """The cells of rows without surprises; None when Polars sees other rows in them than we do."""
    schema = {f"c{i}": pl.String for i in range(width)}
    if lines.is_empty():
        return pl.DataFrame(schema=schema)
    try:
        cells = pl.read_csv(
            lines.str.join("\n").cast(pl.Binary).item(),
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
