"""Putting an export in place, so that a process that dies at any moment leaves no list without its trace.

The order is what counts: first the consent that the rows rest on, the audit trail and the register, then the files in
one step, then what follows from their being there. Whatever is left undone is made up for by the next export.
"""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from segments.exporting.files import write_folder, write_into
from segments.exporting.register import Entry, confirm, enter
from warehouse import audit
from warehouse.home import Home


def place(home: Home, entry: Entry, members: pl.DataFrame, files: Mapping[str, bytes], *, into: Path | None) -> None:
    """Writes an export.

    Args:
        home: the home.
        entry: its line in the register.
        members: who is in it.
        files: its files, the manifest among them.
        into: a folder that may hold other files as well; None is the export's own.
    """
    facts = ("audience", "channel", "destination", "campaign", "rows", "sha256", "path", "reason", "run_id", "is_delta")
    audit.record(
        home.path, "export", who=entry.requested_by, at=entry.at, export_id=entry.export_id,
        **{name: getattr(entry, name) for name in facts},
    )  # fmt: skip
    enter(home.exports, entry, members)
    if into is not None:
        write_into(into, files)
    else:
        write_folder(Path(entry.path), files)
    confirm(home.exports, entry)
