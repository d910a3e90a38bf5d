"""OneID: who the parties of the records are. Imports no other stage, and never Dagster.

As a library, for any table of people:

    from identity import ColumnMap, resolve_table

    answer = resolve_table("customers.csv")                # the columns are guessed …
    answer = resolve_table(frame, ColumnMap({"name": "full_name", "dob": "birth_date"}))   # … or said
    answer.people                                          # one row per row: file, row, person_id
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from identity.people.quality import Quality, partition_quality
    from identity.people.resolve import Resolution, resolve_table
    from identity.people.roles import ROLES, ColumnMap, read_map, write_map

__all__ = ["ROLES", "ColumnMap", "Quality", "Resolution", "partition_quality", "read_map", "resolve_table", "write_map"]

_HOMES = {
    "identity.people.quality": ("Quality", "partition_quality"),
    "identity.people.resolve": ("Resolution", "resolve_table"),
    "identity.people.roles": ("ROLES", "ColumnMap", "read_map", "write_map"),
}


def __getattr__(name: str) -> Any:
    """The public names, imported when they are asked for: what needs only one module shall not load them all."""
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
