"""Stable OneIDs: this run's clusters laid on the ids that the last published run gave.

As many records as possible keep their id (maximum overlap); of equal claims the older id counts. A retired id is an
alias for ever and is never given to anybody else. Records that are gone are remembered, so a source that comes back
finds its ids. Why an id changed is `causes`' matter.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from scipy.optimize import linear_sum_assignment

from identity.graph import Keys, connected
from identity.keeping.causes import SOURCE_GONE, Differences, with_causes
from identity.parties import PARTY, Parties

# Crockford's base 32: no I, L, O, U
_ALPHABET = np.frombuffer(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ", dtype="S1")
_BITS = 60
# Odd, so that multiplying by it, modulo 2**60, gives every number once.
_STRIDE = np.uint64(0x9E3779B97F4A7C5)
# What the claim of an id counts that a record lost while a source was missing; its present id counts 1. A little less,
# so that such an id wakes only where nothing is lost by it.
_LOST_CLAIM: Final = 1 - 1e-4
# Groups of ids and clusters with more cells than this are matched greedily: the exact way needs a dense table.
_LARGEST_MATCHING: Final = 4_000_000


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
        displaced_record: record_id, role, one_id: the id that a record lost while a source was missing, and takes up
            again when that source is back.
        n_known: records of this run that had an id before.
    """

    of_party: pl.DataFrame
    one_id: pl.DataFrame
    change: pl.DataFrame
    absent_record: pl.DataFrame
    displaced_record: pl.DataFrame
    n_known: int


_BEFORE_SCHEMA: Final = {
    **dict.fromkeys((*PARTY, "old_one_id", "last_run"), pl.String), "was_here": pl.Boolean,
}  # fmt: skip
_DISPLACED_SCHEMA: Final = dict.fromkeys((*PARTY, "one_id"), pl.String)
_ID_SCHEMA: Final = {
    "one_id": pl.String, "serial": pl.Int64, "status": pl.String, "merged_into": pl.String,
    "first_run": pl.String, "last_run": pl.String, "n_records": pl.Int64,
}  # fmt: skip


@dataclass(frozen=True)
class _Before:
    """What the last published run left: ids of records (absent ones too), lost ids, and the table of ids."""

    record: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_BEFORE_SCHEMA))
    displaced: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_DISPLACED_SCHEMA))
    known: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=_ID_SCHEMA))


def assign(
    parties: Parties, label: Keys, previous: Path | None, run_id: str, differences: Differences | None = None
) -> Identities:
    """Gives every cluster its id.

    Args:
        label: per party, its cluster, dense from 0 in party order.
        previous: the `identity` tables of the published run (`record_map`, `one_id`, `absent_record`,
            `displaced_record`), or None.
        run_id: this run.
        differences: in what this run differs from the last, for the causes of changes.
    """
    different = differences or Differences()
    party = parties.party.select("party", *PARTY).with_columns(pl.Series("cluster", label))
    before = _read(previous)
    joined = party.join(before.record, on=PARTY, how="left")
    ids, fresh = _ids(joined, before)
    placed = joined.join(ids, on="cluster")
    gone = before.record.join(party, on=PARTY, how="anti")
    erased = gone.join(different.erased, on=PARTY, how="semi")
    change = (
        with_causes(placed, gone, different)
        .select(
            pl.lit(run_id).alias("run_id"), *PARTY, "old_one_id", pl.col("one_id").alias("new_one_id"), "cause",
        )
        .sort("record_id", "role")
    )  # fmt: skip
    # Of an erased record nothing is remembered, not even that there was one.
    absent = gone.join(erased, on=PARTY, how="anti").select(*PARTY, pl.col("old_one_id").alias("one_id"), "last_run")
    one_id = _id_table(placed, before.known, fresh, run_id)
    return Identities(
        placed.select("party", "one_id").sort("party"),
        one_id,
        change,
        absent.sort("record_id", "role"),
        _displaced(placed, absent, change, before, one_id),
        int(placed["old_one_id"].is_not_null().sum()),
    )


def _read(previous: Path | None) -> _Before:
    if previous is None:
        return _Before()
    seen = pl.read_parquet(previous / "record_map.parquet", columns=[*PARTY, "one_id"])
    known = pl.read_parquet(previous / "one_id.parquet")
    absent = pl.read_parquet(previous / "absent_record.parquet")
    lost = previous / "displaced_record.parquet"
    last = known.select("one_id", "last_run")
    record = pl.concat(
        [
            seen.join(last, on="one_id", how="left").with_columns(pl.lit(True).alias("was_here")),
            absent.select(*PARTY, "one_id", "last_run").with_columns(pl.lit(False).alias("was_here")),
        ]
    )
    # An id that has since been merged away stands for its survivor.
    alias = known.select("one_id", pl.coalesce("merged_into", "one_id").alias("old_one_id"))
    return _Before(
        record.join(alias, on="one_id").select(list(_BEFORE_SCHEMA)),
        pl.read_parquet(lost) if lost.exists() else pl.DataFrame(schema=_DISPLACED_SCHEMA),
        known,
    )


def _ids(joined: pl.DataFrame, before: _Before) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The id of each cluster (cluster, one_id), and those of them that are new (cluster, serial, one_id)."""
    lost = joined.select(*PARTY, "cluster").join(before.displaced, on=PARTY)
    claims = pl.concat(
        [
            joined.filter(pl.col("old_one_id").is_not_null()).select("old_one_id", "cluster", weight=pl.lit(1.0)),
            lost.select(pl.col("one_id").alias("old_one_id"), "cluster", weight=pl.lit(_LOST_CLAIM)),
        ]
    )
    overlap = (
        claims.group_by("old_one_id", "cluster")
        .agg(pl.col("weight").sum())
        .join(before.known.select(pl.col("one_id").alias("old_one_id"), "serial"), on="old_one_id")
        .sort("serial", "cluster")
    )
    survivor = match_ids(overlap)
    n_known = int(before.known["serial"].max() or 0) if len(before.known) else 0  # type: ignore[arg-type]  # Int64
    fresh = joined.select("cluster").unique().join(survivor, on="cluster", how="anti").sort("cluster")
    fresh = fresh.with_columns((pl.int_range(1, pl.len() + 1) + n_known).cast(pl.Int64).alias("serial"))
    fresh = fresh.with_columns(one_ids(fresh["serial"]).alias("one_id"))
    return pl.concat([survivor, fresh.select("cluster", "one_id")]), fresh


def match_ids(overlap: pl.DataFrame) -> pl.DataFrame:
    """The matching of old ids and clusters that keeps most records where they were: cluster, one_id.

    Args:
        overlap: old_one_id, cluster, weight, serial, sorted by serial and cluster; the lower serial is the older id.
    """
    ids, clusters = _dense(overlap["serial"]), _dense(overlap["cluster"])
    n_ids = int(ids.max()) + 1 if len(ids) else 0
    group = connected(n_ids + (int(clusters.max()) + 1 if len(clusters) else 0), ids, clusters + n_ids)
    numbered = overlap.with_columns(pl.Series("i", ids), pl.Series("c", clusters), pl.Series("group", group[ids]))
    is_star = (pl.col("i").n_unique().over("group") == 1) | (pl.col("c").n_unique().over("group") == 1)
    # Where one id meets several clusters, or several ids one cluster, the greatest overlap is all there is to choose.
    stars = numbered.filter(is_star).sort("weight", "serial", "cluster", descending=[True, False, False])
    chosen = [stars.unique("group", keep="first", maintain_order=True).select("cluster", "old_one_id")]
    for tangle in numbered.filter(~is_star).partition_by("group", maintain_order=True):
        chosen.append(_untangled(tangle))
    return pl.concat(chosen).rename({"old_one_id": "one_id"})


def _untangled(tangle: pl.DataFrame) -> pl.DataFrame:
    rows, columns = _dense(tangle["i"]), _dense(tangle["c"])
    shape = int(rows.max()) + 1, int(columns.max()) + 1
    if shape[0] * shape[1] > _LARGEST_MATCHING:
        return _greedy(tangle)
    # The older id by a hair: it decides between equal overlaps and no others.
    weight = np.zeros(shape)
    weight[rows, columns] = tangle["weight"].to_numpy() + 1e-9 / (1.0 + rows)
    matched = set(zip(*linear_sum_assignment(weight, maximize=True), strict=True))
    kept = [pair in matched for pair in zip(rows, columns, strict=True)]
    return tangle.filter(pl.Series(kept)).select("cluster", "old_one_id")


def _greedy(tangle: pl.DataFrame) -> pl.DataFrame:
    taken_ids: set[str] = set()
    taken_clusters: set[int] = set()
    kept = []
    order = tangle.sort("weight", "serial", "cluster", descending=[True, False, False])
    for one_id, cluster in order.select("old_one_id", "cluster").iter_rows():
        is_free = one_id not in taken_ids and cluster not in taken_clusters
        kept.append(is_free)
        if is_free:
            taken_ids.add(one_id)
            taken_clusters.add(cluster)
    return order.filter(pl.Series(kept, dtype=pl.Boolean)).select("cluster", "old_one_id")


def _dense(values: pl.Series) -> Keys:
    """Numbers as ranks from 0, equal ones alike."""
    return (values.rank("dense") - 1).to_numpy().astype(np.int64) if len(values) else np.zeros(0, np.int64)


def _displaced(
    placed: pl.DataFrame, absent: pl.DataFrame, change: pl.DataFrame, before: _Before, one_id: pl.DataFrame
) -> pl.DataFrame:
    """The ids that records lost because a source was missing: those of earlier runs first, then this run's."""
    lost = change.filter(pl.col("cause") == SOURCE_GONE).select(*PARTY, pl.col("old_one_id").alias("one_id"))
    # An absent record whose id was merged away for want of a source wakes it when it comes back.
    retired = one_id.filter(pl.col("status") == "merged").select("one_id")
    with_it = (
        absent.select(*PARTY, "one_id").join(retired, on="one_id").join(lost.select("one_id"), on="one_id", how="semi")
    )
    now = placed.select(*PARTY, pl.col("one_id").alias("now"))
    return (
        pl.concat([before.displaced, lost, with_it.select(list(_DISPLACED_SCHEMA))])
        .unique(PARTY, keep="first", maintain_order=True)
        .join(now, on=PARTY, how="left")
        .filter(pl.col("now").is_null() | (pl.col("now") != pl.col("one_id")))
        .select(list(_DISPLACED_SCHEMA))
        .sort("record_id", "role")
    )


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
