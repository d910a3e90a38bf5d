"""Stable OneIDs: this run's clusters laid on the ids that the last published run gave.

The oldest id of a merge survives; of a split, the part with most records keeps it; a retired id is an alias for
ever and is never used again. Records that are gone are remembered, so a source that comes back finds its ids.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from identity.graph import Keys
from identity.parties import PARTY, Parties

# Crockford's base 32: no I, L, O, U
_ALPHABET = np.frombuffer(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", dtype="S1")
_BITS = 60
# Odd, so that multiplying by it, modulo 2**60, gives every number once.
_STRIDE = np.uint64(0x9E3779B97F4A7C5)


def one_ids(serials: pl.Series) -> pl.Series:
    """The OneIDs with these serial numbers, from 1: `P` and 12 characters. Different numbers never give one id."""
    # 64-bit overflow is meant: the low 60 bits are those of the product.
    mixed = serials.cast(pl.UInt64).to_numpy() * _STRIDE & np.uint64((1 << _BITS) - 1)
    shifts = np.arange(_BITS - 5, -1, -5, dtype=np.uint64)
    digits = _ALPHABET[(mixed[:, None] >> shifts & np.uint64(31)).astype(np.int64)]
    texts = np.ascontiguousarray(digits).view(f"S{len(shifts)}").ravel().astype(str)
    return "P" + pl.Series("one_id", texts, dtype=pl.String)


@dataclass(frozen=True)
class Identities:
    """The ids of this run.

    Attributes:
        of_party: party, one_id.
        one_id: one row per id ever given: one_id, serial, status (active | merged | absent), merged_into,
            first_run, last_run, n_records.
        change: run_id, record_id, role, old_one_id, new_one_id, cause: records whose id is another than before.
        absent_record: record_id, role, one_id, last_run: records of earlier runs that this run did not see.
    """

    of_party: pl.DataFrame
    one_id: pl.DataFrame
    change: pl.DataFrame
    absent_record: pl.DataFrame


def assign(
    parties: Parties, label: Keys, previous: Path | None, run_id: str, cause: str = "new_evidence"
) -> Identities:
    """Gives every cluster its id.

    Args:
        label: per party, its cluster, dense from 0 in party order.
        previous: the `identity` tables of the published run (`record_map`, `one_id`, `absent_record`), or None.
        run_id: this run.
        cause: what a change of id is put down to.
    """
    party = parties.party.select("party", *PARTY).with_columns(pl.Series("cluster", label))
    before, known = _read(previous)
    joined = party.join(before, on=PARTY, how="left")
    survivor = _survivors(joined, known)
    n_known = int(known["serial"].max() or 0) if len(known) else 0  # type: ignore[arg-type]  # max of an Int64 column
    fresh = party.select("cluster").unique().join(survivor, on="cluster", how="anti").sort("cluster")
    fresh = fresh.with_columns((pl.int_range(1, pl.len() + 1) + n_known).cast(pl.Int64).alias("serial"))
    fresh = fresh.with_columns(one_ids(fresh["serial"]).alias("one_id"))
    ids = pl.concat([survivor.select("cluster", "one_id"), fresh.select("cluster", "one_id")])
    placed = joined.join(ids, on="cluster")
    change = (
        placed.filter(pl.col("old_one_id").is_not_null() & (pl.col("old_one_id") != pl.col("one_id")))
        .select(
            pl.lit(run_id).alias("run_id"), *PARTY, "old_one_id",
            pl.col("one_id").alias("new_one_id"), pl.lit(cause).alias("cause"),
        )
        .sort("record_id", "role")
    )  # fmt: skip
    gone = before.join(party, on=PARTY, how="anti").select(*PARTY, pl.col("old_one_id").alias("one_id"), "last_run")
    return Identities(
        placed.select("party", "one_id").sort("party"),
        _id_table(placed, known, fresh, run_id),
        change,
        gone.sort("record_id", "role"),
    )


def _read(previous: Path | None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The last run's ids of records (also of absent ones) and the table of ids."""
    if previous is None:
        text = {c: pl.String for c in (*PARTY, "old_one_id", "last_run")}
        return pl.DataFrame(schema=text), pl.DataFrame(schema=_ID_SCHEMA)
    seen = pl.read_parquet(previous / "record_map.parquet", columns=[*PARTY, "one_id"])
    known = pl.read_parquet(previous / "one_id.parquet")
    absent = pl.read_parquet(previous / "absent_record.parquet")
    last = known.select("one_id", "last_run")
    before = pl.concat([seen.join(last, on="one_id", how="left"), absent.select(*PARTY, "one_id", "last_run")])
    # An id that has since been merged away stands for its survivor.
    alias = known.select("one_id", pl.coalesce("merged_into", "one_id").alias("old_one_id"))
    return before.join(alias, on="one_id").select(*PARTY, "old_one_id", "last_run"), known


_ID_SCHEMA = {
    "one_id": pl.String, "serial": pl.Int64, "status": pl.String, "merged_into": pl.String,
    "first_run": pl.String, "last_run": pl.String, "n_records": pl.Int64,
}  # fmt: skip


def _survivors(joined: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The old id of each cluster that keeps one: cluster, one_id, serial."""
    overlap = (
        joined.filter(pl.col("old_one_id").is_not_null())
        .group_by("old_one_id", "cluster")
        .agg(pl.len().alias("n"))
        .join(known.select(pl.col("one_id").alias("old_one_id"), "serial"), on="old_one_id")
    )
    home = overlap.sort("old_one_id", "n", "cluster", descending=[False, True, False]).unique(
        "old_one_id", keep="first", maintain_order=True
    )
    oldest = home.sort("cluster", "serial").unique("cluster", keep="first", maintain_order=True)
    return oldest.select("cluster", pl.col("old_one_id").alias("one_id"), "serial")


def _id_table(placed: pl.DataFrame, known: pl.DataFrame, fresh: pl.DataFrame, run_id: str) -> pl.DataFrame:
    now = placed.group_by("one_id").agg(pl.len().cast(pl.Int64).alias("now"))
    # An old id all of whose records went to other ids points at the one that took most of them.
    heir = (
        placed.filter(pl.col("old_one_id").is_not_null())
        .group_by("old_one_id", "one_id")
        .agg(pl.len().alias("n"))
        .sort("old_one_id", "n", "one_id", descending=[False, True, False])
        .unique("old_one_id", keep="first", maintain_order=True)
        .select(pl.col("old_one_id").alias("one_id"), pl.col("one_id").alias("heir"))
    )
    new_rows = fresh.select("one_id", "serial").with_columns(
        pl.lit("active").alias("status"), pl.lit(None, pl.String).alias("merged_into"),
        pl.lit(run_id).alias("first_run"), pl.lit(run_id).alias("last_run"), pl.lit(0, pl.Int64).alias("n_records"),
    )  # fmt: skip
    table = (
        pl.concat([known.select(list(_ID_SCHEMA)), new_rows.select(list(_ID_SCHEMA))])
        .join(now, on="one_id", how="left")
        .join(heir, on="one_id", how="left")
        .join(heir.rename({"one_id": "merged_into", "heir": "later_heir"}), on="merged_into", how="left")
    )
    is_now = pl.col("now").is_not_null()
    # An alias follows its survivor only where that id has itself given way; a living one keeps its aliases.
    survivor_lives = pl.col("merged_into").is_in(now["one_id"].implode())
    followed = pl.when(survivor_lives).then(pl.col("merged_into")).otherwise(pl.col("later_heir"))
    merged = pl.when(~is_now).then(pl.coalesce(followed, "merged_into", "heir"))
    return (
        table.with_columns(merged.alias("merged_into"))
        .with_columns(
            pl.when(is_now).then(pl.lit("active"))
            .when(pl.col("merged_into").is_not_null()).then(pl.lit("merged"))
            .otherwise(pl.lit("absent")).alias("status"),
            pl.when(is_now).then(pl.lit(run_id)).otherwise(pl.col("last_run")).alias("last_run"),
            pl.col("now").fill_null(0).alias("n_records"),
        )
        .select(list(_ID_SCHEMA))
        .sort("serial")
    )  # fmt: skip
