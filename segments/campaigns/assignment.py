"""Assignments: which arm each person of a campaign is in, fixed by the first export that they were in.

`HOME/campaigns/<code>/assignment.parquet` keeps every person under the OneID of that day, held out or not, with whose
customer they were then: what a store's campaign brought is told by the people who were the store's before it. When
OneIDs are merged the survivor keeps the earlier assignment (of equal ones that of the lower id) and is flagged if the
arms differ.
"""

import datetime as dt
import io
from collections.abc import Collection
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from segments.campaigns.arms import HOLDOUT
from segments.campaigns.plan import CAMPAIGNS
from segments.exporting.files import write_into

ASSIGNMENT: Final = "assignment.parquet"
SCHEMA: Final[dict[str, pl.DataType]] = {
    "one_id": pl.String(),
    "arm": pl.String(),
    "is_holdout": pl.Boolean(),
    "assigned_at": pl.Datetime("us"),
    "export_id": pl.String(),
    "is_merged_arms": pl.Boolean(),
    "channel": pl.String(),  # on which they are written to, or would be
    "store_code": pl.String(),
    "staff_code": pl.String(),
}
MEMBERS: Final = ("one_id", "arm", "store_code", "staff_code")
_ALIASES: Final = "SELECT one_id, merged_into FROM identity.one_id WHERE merged_into IS NOT NULL"


def campaign_folder(home: Path, code: str) -> Path:
    """Where a campaign's assignment and links are."""
    return Path(home) / CAMPAIGNS / code


def aliases(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """OneIDs that were merged away: one_id, merged_into."""
    return con.sql(_ALIASES).pl().select(pl.all().cast(pl.String))


def read_assignment(home: Path, code: str) -> pl.DataFrame:
    """Everybody who was assigned, under the OneID of that day; empty before the first export."""
    path = campaign_folder(home, code) / ASSIGNMENT
    return whole(pl.read_parquet(path), SCHEMA) if path.exists() else pl.DataFrame(schema=SCHEMA)


def whole(frame: pl.DataFrame, columns: Collection[str]) -> pl.DataFrame:
    """A frame with these columns, null where an older version wrote none."""
    missing = [pl.lit(None, dtype=SCHEMA[name]).alias(name) for name in columns if name not in frame.columns]
    return frame.with_columns(missing).select(list(columns))


def current(assigned: pl.DataFrame, merged: pl.DataFrame) -> pl.DataFrame:
    """Assignments by the OneIDs of now, one row a person.

    Args:
        assigned: as `read_assignment` gives them.
        merged: as `aliases` gives them.
    """
    return (
        _under_survivor(assigned, merged)
        .with_columns(is_merged_arms=pl.col("arm").n_unique().over("survivor") > 1)
        .sort("survivor", "assigned_at", "one_id")
        .unique("survivor", keep="first", maintain_order=True)
        .drop("one_id")
        .rename({"survivor": "one_id"})
        .select(list(SCHEMA))
    )


def write_assignment(
    home: Path,
    code: str,
    members: pl.DataFrame,
    merged: pl.DataFrame,
    *,
    at: dt.datetime,
    export_id: str,
    channel: str | None = None,
) -> pl.DataFrame:
    """Adds people to a campaign's assignment; those who are in it stay as they are.

    Args:
        home: the GUIYI_HOME folder.
        code: the campaign's.
        members: one_id, arm, and where known store_code and staff_code of everybody in an export, held out or not.
        merged: as `aliases` gives them.
        at: when they were assigned, UTC.
        export_id: of the export.
        channel: of the export.

    Returns:
        the members' assignments by the OneIDs of now.
    """
    known = read_assignment(home, code)
    fresh = (
        whole(members, MEMBERS)
        .join(current(known, merged), on="one_id", how="anti")
        .select(
            *MEMBERS,
            is_holdout=pl.col("arm") == HOLDOUT,
            assigned_at=pl.lit(at, dtype=pl.Datetime("us")),
            export_id=pl.lit(export_id),
            is_merged_arms=pl.lit(value=False),
            channel=pl.lit(channel, dtype=pl.String),
        )
    )
    everybody = pl.concat([known, fresh.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())])
    flags = _under_survivor(everybody, merged).select(pl.col("arm").n_unique().over("survivor") > 1).to_series()
    everybody = everybody.with_columns(is_merged_arms=flags)
    file = io.BytesIO()
    everybody.write_parquet(file)
    write_into(campaign_folder(home, code), {ASSIGNMENT: file.getvalue()})
    return current(everybody, merged).join(members, on="one_id", how="semi")


def _under_survivor(assigned: pl.DataFrame, merged: pl.DataFrame) -> pl.DataFrame:
    return (
        assigned.join(merged, on="one_id", how="left", maintain_order="left")
        .with_columns(survivor=pl.coalesce("merged_into", "one_id"))
        .drop("merged_into")
    )
