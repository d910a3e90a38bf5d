"""Blocks of bytes to blocks of lines: UTF-8, one kind of line end, never cut inside a quoted cell.

So a file of any size goes through the readers some megabytes at a time. What the lines mean is for them.
"""

import codecs
import io
from collections.abc import Iterator
from typing import Final

import polars as pl

from touchpoints.files import marked
from touchpoints.readers.ahead import ahead
from touchpoints.readers.quotes import open_at_end

# The line ends of a block may be told apart only with the next one.
_RETURN: Final = b"\r"


def line_blocks(
    blocks: Iterator[bytes], encoding: str, errors: str, delimiter: str
) -> Iterator[tuple[pl.Series, bool]]:
    """The lines of a file, block by block, and whether nothing can come after the block; there is always one.

    Args:
        blocks: its bytes.
        encoding: that they are in.
        errors: `strict`, or `replace` to have U+FFFD for what cannot be read.
        delimiter: between cells; a row of which the end is not yet there waits for the next block.

    Raises:
        UnicodeDecodeError: in strict reading, something that the encoding does not have.
    """
    waiting = b""
    begun = False
    for text, last in ahead(_texts(blocks, encoding, errors)):
        text = waiting + text
        cut = len(text) if last else text.rfind(b"\n") + 1
        waiting, text = text[cut:], text[:cut]
        if not text and (begun or not last):
            continue
        lines = pl.read_lines(io.BytesIO(text)).to_series() if text else pl.Series([], dtype=pl.String)
        if not last:
            first_open = open_at_end(lines, delimiter)
            if first_open is not None:
                waiting = "\n".join([*lines.slice(first_open), ""]).encode() + waiting
                lines = lines.slice(0, first_open)
        begun = True
        yield lines, last


def _texts(blocks: Iterator[bytes], encoding: str, errors: str) -> Iterator[tuple[bytes, bool]]:
    """UTF-8 with line feeds at every end of a line; the last one may be empty."""
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    held = b""
    first = True
    for raw in blocks:
        block = raw[marked(raw) :] if first else raw
        first = False
        text = held + decoder.decode(block).encode("utf-8", "replace")
        held = _RETURN if text.endswith(_RETURN) else b""
        yield _with_line_feeds(text[: len(text) - len(held)]), False
    yield _with_line_feeds(held + decoder.decode(b"", True).encode("utf-8", "replace")), True


def _with_line_feeds(text: bytes) -> bytes:
    """Without lone carriage returns. Where each stands before a line feed, they fall away when lines are read."""
    if text.count(_RETURN) == text.count(b"\r\n"):
        return text
    return text.replace(b"\r\n", b"\n").replace(_RETURN, b"\n")
