"""Deltas: who came into a list and who went out of it since its last export.

A person whose number or address changed goes out under the old one and comes in under the new one.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from common.errors import UsageError
from segments.exporting.layout import Laid
from segments.exporting.register import KEY, last_of, members_of
from segments.saying import say

_WHO: Final = "one_id"


@dataclass(frozen=True)
class Delta:
    """What changed.

    Attributes:
        added: whole rows.
        removed: the identifying columns alone, as they were written then.
        against: the export that it is told against; None where there was none, and everybody is new.
    """

    added: Laid
    removed: Laid
    against: str | None


def members_frame(rows: pl.DataFrame, laid: Laid) -> pl.DataFrame:
    """Who is in a list: one_id, arm, and the identifying cells as text under `key.<header>`."""
    arm = rows["arm"] if "arm" in rows.columns else pl.Series([None] * rows.height, dtype=pl.String)
    keys = [laid.frame[name].cast(pl.String).alias(f"{KEY}{name}") for name in laid.keys]
    return pl.DataFrame([rows[_WHO], arm.alias("arm"), *keys])


def delta_content(
    exports: Path,
    audience: str,
    destination: str | None,
    campaign: str | None,
    laid: Laid,
    members: pl.DataFrame,
    *,
    is_sending: bool,
) -> Delta:
    """What to add and what to remove.

    Args:
        exports: the home's folder of exports.
        audience: of the list.
        destination: of the list.
        campaign: of the list.
        laid: the whole list as it is now.
        members: it, as `members_frame` gives it.
        is_sending: whether it is made to be sent; it is told against one that was, too.

    Raises:
        UsageError: the last export named people by other columns.
    """
    keys = [f"{KEY}{name}" for name in laid.keys]
    last = last_of(exports, audience, destination, campaign, is_sending=is_sending)
    if last is None:
        return Delta(laid, _removed(members.head(0), laid), None)
    before = members_of(exports, last)
    if sorted(name for name in before.columns if name.startswith(KEY)) != sorted(keys):
        raise UsageError(say("delta_other_columns", export=last.export_id))
    same = [_WHO, *keys]
    is_new = members.with_row_index("row").join(before, on=same, how="anti", nulls_equal=True)["row"]
    added = Laid(laid.frame[is_new.to_list()], laid.keys, laid.split[is_new.to_list()])
    gone = before.join(members, on=same, how="anti", nulls_equal=True, maintain_order="left")
    return Delta(added, _removed(gone, laid), last.export_id)


def _removed(gone: pl.DataFrame, laid: Laid) -> Laid:
    frame = gone.select(pl.col(f"{KEY}{name}").alias(name) for name in laid.keys)
    return Laid(frame, laid.keys, pl.Series("split", [None] * frame.height, dtype=pl.String))
