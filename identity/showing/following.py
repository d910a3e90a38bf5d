"""Following a OneID: to the person who has it today, through the ids that were merged.

Belongs here: what has become of an id. What is known of the person is everybody else's matter.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

import duckdb

from common.errors import UsageError

State = Literal["active", "merged", "absent", "unknown"]
# Longer chains of merges do not come about; this ends a circle, should a table ever have one.
_MOST_STEPS: Final = 100


@dataclass(frozen=True)
class Followed:
    """What has become of a OneID.

    Attributes:
        asked: the id that was asked for, in capitals.
        one_id: the active id that it leads to; None where it leads to nobody.
        state: active, merged (leads on), absent (no file tells of its records any more), unknown (was never given, or
            its person was erased: of those nothing is kept).
    """

    asked: str
    one_id: str | None
    state: State


def follow(con: duckdb.DuckDBPyConnection, one_id: str) -> Followed:
    """What has become of a OneID.

    Args:
        con: a published warehouse.
        one_id: as somebody wrote it.
    """
    asked = one_id.strip().upper()
    current: Any = asked
    for step in range(_MOST_STEPS):
        found = con.execute("select status, merged_into from identity.one_id where one_id = ?", [current]).fetchall()
        if not found:
            return Followed(asked, None, "unknown")
        status, merged_into = found[0]
        if status == "active":
            return Followed(asked, current, "merged" if step else "active")
        if not merged_into:
            break
        current = merged_into
    return Followed(asked, None, "absent")


def current_id(con: duckdb.DuckDBPyConnection, one_id: str) -> str:
    """The OneID itself, or the active one that it was merged into.

    Raises:
        UsageError: it leads to nobody.
    """
    followed = follow(con, one_id)
    if followed.one_id is not None:
        return followed.one_id
    if followed.state == "unknown":
        raise UsageError(f"There is no OneID {one_id}; look it up in customer.customer_360.")
    raise UsageError(f"{one_id} is of records that no file tells of any more; it has no profile in this run.")
