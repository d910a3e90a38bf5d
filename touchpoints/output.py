"""Writing canonical tables: in a fixed order, for the owner's eyes alone.

The tables hold personal data in the clear; what analysts see of it is made elsewhere.
"""

import os
from pathlib import Path
from typing import Final

import polars as pl

from touchpoints.model import empty

# By which columns the rows of each table are ordered; together they tell any two rows apart.
_ORDER: Final = {
    "source_file": ("path",),
    "record": ("record_id",),
    "record_version": ("record_id", "version_at", "file_id", "row_no"),
    "identifier": ("record_id", "role", "id_type", "id_scope", "id_value"),
    "attribute": ("record_id", "role", "name", "value", "quality"),
    "event": ("event_id",),
    "orders": ("order_key", "record_id"),
    "order_lines": ("order_key", "line_no", "record_id"),
    "ledger": ("entry_id",),
    "consent": ("record_id", "role", "channel", "at", "state", "id_type", "id_scope", "id_value"),
    "reject": ("path", "row_no", "reason"),
}


def write_table(folder: Path, name: str, table: pl.DataFrame) -> int:
    """Writes one canonical table to `<folder>/<name>.parquet` (mode 0600); gives back its rows."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    ordered = table.select(empty(name).columns).sort(_ORDER[name], maintain_order=True)
    path = folder / f"{name}.parquet"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        ordered.write_parquet(file, compression="zstd", compression_level=1)
    return ordered.height
