"""The lake: parsed tables kept by content, so that a file is parsed once however often runs read it.

An entry is named by the file's sha256, the table within the file and the contract's digest: another content or
another definition is another entry. It holds personal data, so folder and files are the owner's alone.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from common.errors import GuiyiError
from touchpoints.columns import canonical
from touchpoints.contract import Contract
from touchpoints.files import LandingFile
from touchpoints.readers.ahead import ahead
from touchpoints.readers.tables import Cells, Table

# Raised whenever the readers or `columns` give other cells for the same bytes.
PARSER_VERSION: Final = "2"
_ENCODING: Final = "encoding"


@dataclass(frozen=True)
class Parsed:
    """A parsed table: its entry in the lake, and in which encoding its text was."""

    path: Path
    encoding: str | None

    def frame(self) -> pl.DataFrame:
        """The rows as `columns.canonical` gives them."""
        return pl.read_parquet(self.path)


class Lake:
    """A folder of parsed tables."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        self._folder = folder

    def parsed(self, file: LandingFile, table: Table) -> Parsed:
        """The table's entry, parsed now unless that has been done before.

        Raises:
            GuiyiError: the file has changed since it was recognised.
        """
        path = self._path(file.sha256, table)
        known = _metadata(path)
        if known is not None:
            return Parsed(path, known.get(_ENCODING) or None)
        return Parsed(path, self._write(path, file, table))

    def _path(self, sha256: str, table: Table) -> Path:
        part = hashlib.sha256(table.part.encode()).hexdigest()[:8] if table.part else "0"
        definition = hashlib.sha256(f"{PARSER_VERSION}/{table.match.contract.digest}".encode()).hexdigest()[:16]
        return self._folder / f"{sha256}-{part}-{definition}.parquet"

    def _write(self, path: Path, file: LandingFile, table: Table) -> str | None:
        """Parses a table into its entry, batch by batch; gives back its encoding."""
        # Each writer has a file of its own: equal bytes of two accounts are parsed side by side.
        descriptor, fresh = tempfile.mkstemp(dir=self._folder, suffix=".tmp")  # mode 0600
        os.close(descriptor)
        try:
            encoding = _parse_into(Path(fresh), file, table)
            Path(fresh).replace(path)
        finally:
            Path(fresh).unlink(missing_ok=True)
        return encoding


def _parse_into(path: Path, file: LandingFile, table: Table) -> str | None:
    reading = _Checked(file)
    if table.batches is None:
        batches: Iterator[Cells | None] = iter([table.read(reading.whole())])
    else:
        batches = table.batches(reading.blocks)
    writer: pq.ParquetWriter | None = None
    encoding = None
    try:
        for found in ahead(_canonical(ahead(batches), table.match.contract)):
            if found is None:
                _close(writer)
                writer = None
                continue
            rows, encoding = found
            if writer is None:
                writer = pq.ParquetWriter(
                    path, rows.schema, compression="lz4", write_statistics=False, use_dictionary=False
                )
            writer.write_table(rows.cast(writer.schema))
        reading.check()
        if writer is not None:
            writer.add_key_value_metadata({_ENCODING: encoding or ""})
    finally:
        _close(writer)
    return encoding


def _close(writer: pq.ParquetWriter | None) -> None:
    if writer is not None:
        writer.close()


def _canonical(batches: Iterator[Cells | None], contract: Contract) -> Iterator[tuple[pa.Table, str | None] | None]:
    """Batches under the contract's names, as they are written, and the encoding of each."""
    for cells in batches:
        if cells is None:
            yield None
        else:
            # Polars' own layout of text is written as it is; turning it into Arrow's older one takes a copy.
            yield canonical(cells, contract).to_arrow(compat_level=pl.CompatLevel.newest()), cells.encoding


class _Checked:
    """The bytes of a file, with a look at whether they are still those that were recognised."""

    def __init__(self, file: LandingFile) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._is_whole = False

    def blocks(self) -> Iterator[bytes]:
        """Its blocks from the beginning."""
        self._digest, self._is_whole = hashlib.sha256(), False
        for block in self._file.blocks():
            self._digest.update(block)
            yield block
        self._is_whole = True

    def whole(self) -> bytes:
        """All of it."""
        return b"".join(self.blocks())

    def check(self) -> None:
        """Refuses a file that is another one by now."""
        if self._is_whole and self._digest.hexdigest() != self._file.sha256:
            raise GuiyiError(f"{self._file.name} changed while it was read; run again when it is complete.")


def _metadata(path: Path) -> dict[str, str] | None:
    """What is written beside the rows; None when the entry is not there or cannot be read."""
    try:
        return pl.read_parquet_metadata(path)
    except (OSError, pl.exceptions.PolarsError):
        return None
