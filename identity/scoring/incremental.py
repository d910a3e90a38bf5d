"""A store of people that takes rows in and out as they come: blocks, scored pairs, clusters and OneIDs kept current.

Belongs here: doing for a day's new, changed and removed rows only what they touch. The partition is the one that
scoring and clustering all rows at once would give: a pair's weight depends on its two rows and the frozen model alone,
a cluster on the pairs inside its component alone; blocks that grow too large give up what they had found, and those
that shrink to their limit find it again (`incremental_pairs`). Ids are `incremental_ids`' matter.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import duckdb
import numpy as np
import polars as pl

from common.errors import UsageError
from identity.graph import connected
from identity.keeping.causes import ERASURE, SOURCE_GONE
from identity.keeping.stable import one_ids
from identity.scoring.cluster import MISSING_WEIGHT, cluster
from identity.scoring.incremental_ids import ID_TABLES, LEAVING, forget, lay_ids, write_ids
from identity.scoring.incremental_pairs import find_pairs, find_retired, temp
from identity.scoring.model import Model
from identity.scoring.scheme import Scheme
from identity.scoring.score import LEAST_WEIGHT, compare_pairs

_TABLES: Final = f"""
    create table if not exists store.block (key ubigint, largest usmallint, unique_id bigint);
    create table if not exists store.pair (a bigint, b bigint, match_weight double, is_vetoed boolean);
    create table if not exists store.person (unique_id bigint, component bigint, serial bigint);
    {ID_TABLES}
"""


@dataclass(frozen=True)
class Added:
    """What a batch of rows did.

    Attributes:
        n_rows: rows that were given; n_changed_rows of them say something else of rows that were there.
        n_pairs: pairs that were scored; n_retired: pairs that a block grown too large, or a row that left, gave up.
        n_touched: rows whose cluster was worked out anew, the new ones among them.
        n_new_ids: OneIDs that were given; n_changed: earlier rows whose OneID is another now.
        n_removed: rows that left.
    """

    n_rows: int
    n_pairs: int
    n_retired: int
    n_touched: int
    n_new_ids: int
    n_changed: int
    n_changed_rows: int = 0
    n_removed: int = 0


class PeopleStore:
    """People in a DuckDB file."""

    def __init__(
        self,
        path: Path,
        scheme: Scheme,
        model: Model,
        *,
        frequencies: Mapping[str, pl.DataFrame] | None = None,
        memory_limit: str | None = None,
    ) -> None:
        """Opens a store, or begins one.

        Args:
            path: of the DuckDB file; it holds the rows, and so personal data.
            scheme: what rows are blocked and compared on; the last of its `round_weights` is the merge weight.
            model: with its prior, frozen: the same at every opening, or weights would not fit together.
            frequencies: per column with term frequency adjustment, value and tf (share of rows), frozen like the model.
            memory_limit: of DuckDB, such as `2GB`.
        """
        self._scheme, self._model = scheme, model
        self._frequencies = dict(frequencies or {})
        self._con = duckdb.connect(config={"memory_limit": memory_limit} if memory_limit else {})
        self._con.execute(f"attach '{str(path).replace(chr(39), chr(39) * 2)}' as store")
        self._con.execute(_TABLES)
        path.chmod(0o600)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the file."""
        self._con.close()

    def people(self) -> pl.DataFrame:
        """Who every row is: unique_id, one_id, sorted by row."""
        found = self._con.sql("select unique_id, serial from store.person order by unique_id").pl()
        return found.select("unique_id", one_ids(found["serial"]).alias("one_id"))

    def pairs(self) -> pl.DataFrame:
        """Every scored pair: a < b, match_weight, is_vetoed."""
        return self._con.sql("select * from store.pair order by a, b").pl()

    def aliases(self) -> pl.DataFrame:
        """The ids that no row has any more: one_id, merged_into (null where none of its rows is left), sorted."""
        found = self._con.sql("select serial, merged_into from store.retired_id order by serial").pl()
        return found.select(
            one_ids(found["serial"]).alias("one_id"), _ids_or_null(found["merged_into"]).alias("merged_into")
        )

    def changes(self) -> pl.DataFrame:
        """Every row whose id became another: batch (from 1), unique_id, old_one_id, new_one_id, cause."""
        found = self._con.sql("select * from store.id_change order by batch, unique_id").pl()
        return found.select(
            "batch",
            "unique_id",
            one_ids(found["old_serial"]).alias("old_one_id"),
            one_ids(found["new_serial"]).alias("new_one_id"),
            "cause",
        )

    def add(self, rows: pl.DataFrame) -> Added:
        """Takes rows in, all of them or, where anything fails, none.

        Args:
            rows: the scheme's columns; `unique_id` (Int64) is new to the store, and says nothing of when a row came:
                ties are broken by it.

        Raises:
            UsageError: a row of that `unique_id` is there already, or twice among `rows`.
        """
        return self._update(rows, [], SOURCE_GONE, may_change=False)

    def change(self, rows: pl.DataFrame) -> Added:
        """Takes rows in; one whose `unique_id` is there already says something else from now on, and keeps its id."""
        return self._update(rows, [], SOURCE_GONE, may_change=True)

    def remove(self, unique_ids: Iterable[int], *, cause: str = SOURCE_GONE) -> Added:
        """Takes rows out: what is left is what a store that never had them would hold, and keeps its ids.

        Args:
            unique_ids: of the rows; those that are not there are passed over.
            cause: `source_gone`, where a row that comes back shall find its id, or `erasure`, where a person asked for
                it: then nothing is remembered. DuckDB frees the place in the file and fills it later; copy the store
                into a new file (`COPY FROM DATABASE`) where no byte may stay.

        Raises:
            UsageError: there is no such cause.
        """
        if cause not in LEAVING:
            raise UsageError(f"Rows leave a store by {' or '.join(LEAVING)}, not by {cause!r}.")
        return self._update(None, unique_ids, cause, may_change=False)

    def _update(self, rows: pl.DataFrame | None, unique_ids: Iterable[int], cause: str, *, may_change: bool) -> Added:
        con = self._con
        removed = pl.DataFrame({"unique_id": pl.Series(sorted(set(unique_ids)), dtype=pl.Int64)})
        con.register("to_remove", removed.to_arrow())
        self._temp("gone_row", "select p.* from store.person p semi join to_remove using (unique_id)")
        con.unregister("to_remove")
        n_removed = self._count("gone_row")
        if rows is None and not n_removed:
            forget(con, removed if cause == ERASURE else removed.clear())
            return Added(0, 0, 0, 0, 0, 0)
        n_changed_rows = self._take(rows, may_change) if rows is not None else self._take_none()
        self._temp("leaving", "select * from gone_row union all select * from changed_row")
        find_pairs(con, self._scheme)
        find_retired(con)
        self._score()
        gone = con.sql("select unique_id, serial from gone_row order by unique_id").pl()
        laid = lay_ids(con, self._placed(), gone, cause)
        n_pairs, n_retired = self._count("blocked_pairs"), self._count("retired")
        con.execute("begin")
        try:
            self._write()
            write_ids(con, laid, gone)
            forget(con, removed if cause == ERASURE else removed.clear())
            con.execute("commit")
        except Exception:
            con.execute("rollback")
            raise
        n_given = 0 if rows is None else len(rows)
        return Added(
            n_given, n_pairs, n_retired, len(laid.person), laid.n_new, len(laid.change), n_changed_rows, n_removed
        )

    def _take_none(self) -> int:
        for name, of in (("new_row", "row"), ("changed_row", "person")):
            self._temp(name, f"select * from store.{of} limit 0")
        return 0

    def _take(self, rows: pl.DataFrame, may_change: bool) -> int:
        """Creates new_row and changed_row (those of store.person that it says anew); how many these are."""
        con = self._con
        con.register("given", rows.select(self._scheme.columns).to_arrow())
        con.execute(f"create or replace temp table new_row as select {self._with_frequencies()}")
        con.unregister("given")
        con.execute("create table if not exists store.row as select * from new_row limit 0")
        self._temp("changed_row", "select p.* from store.person p semi join new_row using (unique_id)")
        n_changed = self._count("changed_row")
        twice = len(rows) - rows["unique_id"].n_unique()
        if twice or (n_changed and not may_change):
            raise UsageError(
                f"{twice or n_changed:,} rows have a unique_id that is taken; give each row its own, and rows that say "
                "something else than before to change()."
            )
        return n_changed

    def _with_frequencies(self) -> str:
        """The new rows with their frozen term frequencies; a value that was unknown then is as rare as any."""
        columns, joins = ["given.*"], []
        for column, table in self._frequencies.items():
            self._con.register(f"frequency_{column}", table.to_arrow())
            rarest = float(table["tf"].min() or 1.0)  # type: ignore[arg-type]  # a number
            columns.append(
                f"case when given.{column} is not null then coalesce(f_{column}.tf, {rarest!r}) end as tf_{column}"
            )
            joins.append(f"left join frequency_{column} as f_{column} on f_{column}.value = given.{column}")
        return f"{', '.join(columns)} from given {' '.join(joins)} order by unique_id"

    def _score(self) -> None:
        """Weighs the new pairs: table fresh_pair, in the shape of store.pair."""
        if not self._count("blocked_pairs"):
            self._temp("fresh_pair", "select * from store.pair limit 0")
            return
        con = self._con
        con.execute("""
            create or replace table pair_row as
            with needed as (select join_key_l as id from blocked_pairs union select join_key_r from blocked_pairs)
            select * from new_row semi join needed on needed.id = unique_id
            union all select * from store.row r semi join needed on needed.id = unique_id
            anti join leaving l on l.unique_id = r.unique_id
        """)
        con.execute("create or replace table pair_key as select * from blocked_pairs")
        vetoes = self._scheme.vetoes
        predicted = compare_pairs(
            con, "pair_row", "pair_key", self._model.settings, least_weight=LEAST_WEIGHT, gammas=bool(vetoes)
        )
        is_vetoed = " or ".join(f"gamma_{name} = 0" for name in vetoes) or "false"
        self._temp(
            "fresh_pair",
            f"""
            select least(unique_id_l, unique_id_r)::bigint as a, greatest(unique_id_l, unique_id_r)::bigint as b,
                   round(match_weight, 6) as match_weight, {is_vetoed} as is_vetoed
            from {predicted}
            """,
        )
        for name in ("pair_row", "pair_key", predicted):
            con.execute(f"drop table if exists {name}")

    def _placed(self) -> pl.DataFrame:
        """The cluster of every row that a new row, one that leaves, a new pair or a retired one touches.

        Returns:
            As `lay_ids` takes it.
        """
        # An id that a row takes up again may be that of others by now: they have a say in who keeps it.
        self._temp(
            "back",
            """
            select a.unique_id, coalesce(r.merged_into, a.serial) as serial from store.absent a
            semi join new_row n using (unique_id) left join store.retired_id r on r.serial = a.serial
            """,
        )
        self._temp(
            "touched",
            f"""
            with ends as (
                select a, b from fresh_pair where match_weight >= {MISSING_WEIGHT} or is_vetoed
                union all select a, b from retired
                where a not in (select unique_id from leaving) and b not in (select unique_id from leaving)
            ),
            component as (
                select component from store.person
                semi join (select a as id from ends union select b from ends) e on e.id = unique_id
                union select component from leaving
                union select component from store.person semi join back using (serial)
            )
            select unique_id, serial, true as was_here, false as is_changed from store.person
            semi join component using (component) anti join leaving using (unique_id)
            union all
            select n.unique_id, coalesce(c.serial, b.serial), c.serial is not null or b.serial is null,
                   c.serial is not null
            from new_row n left join changed_row c using (unique_id) left join back b using (unique_id)
            """,
        )
        node = self._con.sql("select * from touched order by unique_id").pl()
        pair = self._con.sql("""
            with kept as (select * from store.pair p anti join retired r on r.a = p.a and r.b = p.b)
            select * from (select * from kept union all select * from fresh_pair) p
            semi join touched x on x.unique_id = p.a semi join touched y on y.unique_id = p.b
            order by a, b
        """).pl()
        return self._clustered(node, pair)

    def _clustered(self, node: pl.DataFrame, pair: pl.DataFrame) -> pl.DataFrame:
        ids = node["unique_id"].to_numpy()
        dense = pair.select(
            pl.Series("cluster_a", np.searchsorted(ids, pair["a"].to_numpy())),
            pl.Series("cluster_b", np.searchsorted(ids, pair["b"].to_numpy())),
            "match_weight",
            "is_vetoed",
        )
        merge_weight = self._scheme.round_weights[-1]
        label = cluster(len(node), dense, [], merge_weight=merge_weight).label
        strong = dense.filter((pl.col("match_weight") >= merge_weight) & ~pl.col("is_vetoed"))
        component = connected(len(node), strong["cluster_a"].to_numpy(), strong["cluster_b"].to_numpy())
        first = np.full(len(node), np.iinfo(np.int64).max)
        np.minimum.at(first, component, ids)
        return node.with_columns(pl.Series("cluster", label), pl.Series("component", first[component]))

    def _write(self) -> None:
        """Rows, blocks and pairs, and room for the persons; a store that is killed has all of a batch or nothing."""
        con = self._con
        for table in ("row", "block"):
            con.execute(f"delete from store.{table} t using leaving l where l.unique_id = t.unique_id")
        con.execute("insert into store.row select * from new_row")
        con.execute("insert into store.block select * from new_key")
        con.execute("delete from store.pair p using retired r where r.a = p.a and r.b = p.b")
        con.execute("insert into store.pair select * from fresh_pair")
        for table in ("touched", "leaving"):
            con.execute(f"delete from store.person p using {table} t where t.unique_id = p.unique_id")

    def _temp(self, name: str, query: str) -> None:
        temp(self._con, name, query)

    def _count(self, table: str) -> int:
        return int(self._con.sql(f"select count(*) from {table}").fetchall()[0][0])


def _ids_or_null(serials: pl.Series) -> pl.Series:
    """OneIDs; null where there is no serial."""
    return one_ids(serials.fill_null(0)).set(serials.is_null(), None)
