"""The lake: parsed tables kept by content, so that a file is parsed once however often runs read it.

An entry is named by the file's sha256, the table within the file and the contract's digest: another content or
another definition is another entry. It holds personal data, so folder and files are the owner's alone.
"""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from common.errors import GuiyiError
from touchpoints.columns import canonical
from touchpoints.files import LandingFile
from touchpoints.readers.tables import Table

# Raised whenever the readers or `columns` give other cells for the same bytes.
PARSER_VERSION: Final = "1"
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
        data = file.read()
        if hashlib.sha256(data).hexdigest() != file.sha256:
            raise GuiyiError(f"{file.name} changed while it was read; run again when it is complete.")
        cells = table.read(data)
        self._write(path, canonical(cells, table.match.contract), cells.encoding or "")
        return Parsed(path, cells.encoding)

    def _path(self, sha256: str, table: Table) -> Path:
        part = hashlib.sha256(table.part.encode()).hexdigest()[:8] if table.part else "0"
        definition = hashlib.sha256(f"{PARSER_VERSION}/{table.match.contract.digest}".encode()).hexdigest()[:16]
        return self._folder / f"{sha256}-{part}-{definition}.parquet"

    def _write(self, path: Path, frame: pl.DataFrame, encoding: str) -> None:
        # Each writer has a file of its own: equal bytes of two accounts are parsed side by side.
        descriptor, fresh = tempfile.mkstemp(dir=self._folder, suffix=".tmp")  # mode 0600
        with os.fdopen(descriptor, "wb") as file:
            frame.write_parquet(file, compression="lz4", statistics=False, metadata={_ENCODING: encoding})
        Path(fresh).replace(path)


def _metadata(path: Path) -> dict[str, str] | None:
    """What is written beside the rows; None when the entry is not there or cannot be read."""
    try:
        return pl.read_parquet_metadata(path)
    except (OSError, pl.exceptions.PolarsError):
        return None
