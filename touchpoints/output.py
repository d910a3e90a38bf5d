"""Writing canonical tables: in a fixed order, for the owner's eyes alone.

Rows stand by contract name and, within a contract, in the order in which `build` gives them, by record_id: every
step keeps the order of its rows, so the same files give the same tables. The tables hold personal data in the clear;
what analysts see of it is made elsewhere.
"""

import os
from pathlib import Path

import polars as pl

from touchpoints.model import empty


def write_table(folder: Path, name: str, table: pl.DataFrame) -> int:
    """Writes one canonical table to `<folder>/<name>.parquet` (mode 0600); gives back its rows."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    shaped = table.select(empty(name).columns)
    path = folder / f"{name}.parquet"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        shaped.write_parquet(file, compression="zstd", compression_level=1)
    return shaped.height
