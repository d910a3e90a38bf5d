"""OneIDs of a store of people: kept from batch to batch, retired ids as aliases, each change with its cause.

Belongs here: laying the new clusters of the touched rows on the ids that they had. The clusters are `incremental`'s,
the matching and the causes are those of every run (`keeping.stable`, `keeping.causes`).
"""

from dataclasses import dataclass
from typing import Final

import duckdb
import polars as pl

from identity.keeping.causes import ERASURE, SOURCE_GONE, Differences, with_causes
from identity.keeping.stable import match_ids

# Why rows may leave a store. Of what is erased nothing is remembered; what a source dropped may come back to its id.
LEAVING: Final = (SOURCE_GONE, ERASURE)

ID_TABLES: Final = """
    create table if not exists store.last_serial as select 0::bigint as serial;
    create table if not exists store.retired_id (serial bigint, merged_into bigint);
    create table if not exists store.absent (unique_id bigint, serial bigint);
    create table if not exists store.id_change (
        batch bigint, unique_id bigint, old_serial bigint, new_serial bigint, cause varchar
    );
    create table if not exists store.last_batch as select 0::bigint as batch;
"""


@dataclass(frozen=True)
class Laid:
    """The ids of the touched rows.

    Attributes:
        person: unique_id, component, serial.
        retired: serial, merged_into (null where no row is left) of ids that no row has any more.
        change: unique_id, old_serial, new_serial, cause of rows whose id is another.
        n_new: ids that were given.
    """

    person: pl.DataFrame
    retired: pl.DataFrame
    change: pl.DataFrame
    n_new: int


def lay_ids(con: duckdb.DuckDBPyConnection, placed: pl.DataFrame, gone: pl.DataFrame, cause: str) -> Laid:
    """Lays clusters on the ids that their rows had.

    Args:
        con: with the store attached as `store`.
        placed: unique_id, component, cluster (dense from 0) of every touched row; serial is the id that it had, null
            for one that nobody knew; was_here is false for one that comes back; is_changed where it says another thing.
        gone: unique_id, serial of rows that leave.
        cause: why they do.
    """
    overlap = (
        placed.filter(pl.col("serial").is_not_null())
        .group_by("serial", "cluster")
        .agg(pl.len().cast(pl.Float64).alias("weight"))
        .with_columns(pl.col("serial").alias("old_one_id"))
        .sort("serial", "cluster")
    )
    kept = match_ids(overlap).rename({"one_id": "now"})
    fresh = placed.select("cluster").unique().join(kept, on="cluster", how="anti").sort("cluster")
    last = con.sql("select serial from store.last_serial").fetchall()[0][0]
    fresh = fresh.with_columns((pl.int_range(1, pl.len() + 1, dtype=pl.Int64) + last).alias("now"))
    done = placed.join(pl.concat([kept, fresh]), on="cluster", maintain_order="left")
    return Laid(
        done.select("unique_id", "component", pl.col("now").alias("serial")),
        _retired(done, gone),
        _changes(done, gone, cause),
        len(fresh),
    )


def _retired(done: pl.DataFrame, gone: pl.DataFrame) -> pl.DataFrame:
    """The ids that no row has any more; each points at the one that took most of its rows."""
    before = pl.concat([done["serial"], gone["serial"]]).drop_nulls().unique().sort().alias("serial").to_frame()
    heir = (
        done.filter(pl.col("serial").is_not_null())
        .group_by("serial", "now")
        .agg(pl.len().alias("n"))
        .sort("serial", "n", "now", descending=[False, True, False])
        .unique("serial", keep="first", maintain_order=True)
    )
    over = before.join(done.select(pl.col("now").alias("serial")), on="serial", how="anti")
    return over.join(heir.select("serial", pl.col("now").alias("merged_into")), on="serial", how="left").sort("serial")


def _changes(done: pl.DataFrame, gone: pl.DataFrame, cause: str) -> pl.DataFrame:
    """The rows whose id is another, with why."""
    named = [pl.col("unique_id").cast(pl.String).alias("record_id"), pl.lit("").alias("role")]
    party = done.select(
        pl.col("unique_id").alias("party"), *named, "cluster", pl.col("serial").alias("old_one_id"), "was_here",
        "is_changed", pl.col("now").alias("one_id"),
    )  # fmt: skip
    left = gone.select(*named, pl.col("serial").alias("old_one_id"), pl.lit(True).alias("was_here"))
    nobody = left.clear().select("record_id", "role")
    different = Differences(
        changed=party.filter("is_changed").select("record_id", "role"),
        erased=left.select("record_id", "role") if cause == ERASURE else nobody,
    )
    found = with_causes(party, left, different)
    return found.select(
        pl.col("record_id").cast(pl.Int64).alias("unique_id"), pl.col("old_one_id").alias("old_serial"),
        pl.col("one_id").alias("new_serial"), "cause",
    ).sort("unique_id")  # fmt: skip


def write_ids(con: duckdb.DuckDBPyConnection, laid: Laid, gone: pl.DataFrame) -> None:
    """Writes the ids of a batch; inside the transaction that writes its rows."""
    frames = {"person_now": laid.person, "id_retired": laid.retired, "id_changed": laid.change, "left_now": gone}
    for name, frame in frames.items():
        con.register(name, frame.to_arrow())
    con.execute("insert into store.person select unique_id, component, serial from person_now")
    con.execute("update store.last_serial set serial = serial + ?", [laid.n_new])
    con.execute("update store.last_batch set batch = batch + 1")
    # An alias of an id that has now given way itself points at the one that took its rows; one that wakes is none.
    con.execute(
        "update store.retired_id t set merged_into = r.merged_into from id_retired r where t.merged_into = r.serial"
    )
    for awake in ("person_now", "id_retired"):
        con.execute(f"delete from store.retired_id t using {awake} p where p.serial = t.serial")
    con.execute("insert into store.retired_id select serial, merged_into from id_retired")
    con.execute("insert into store.id_change select batch, c.* from id_changed c, store.last_batch")
    con.execute("delete from store.absent a using person_now p where p.unique_id = a.unique_id")
    con.execute("insert into store.absent select unique_id, serial from left_now")
    for name in frames:
        con.unregister(name)


def forget(con: duckdb.DuckDBPyConnection, erased: pl.DataFrame) -> None:
    """Nothing is remembered of these rows (unique_id), not even that they were there."""
    if erased.is_empty():
        return
    con.register("forgotten", erased.to_arrow())
    for table in ("absent", "id_change"):
        con.execute(f"delete from store.{table} t using forgotten f where f.unique_id = t.unique_id")
    con.unregister("forgotten")
