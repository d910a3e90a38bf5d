"""A store of people that takes new rows as they come: blocks, scored pairs, clusters and OneIDs kept up to date.

Belongs here: doing for a day's new rows only what they touch. The partition is the one that scoring and clustering all
rows at once would give: a pair's weight depends on its two rows and the frozen model alone, a cluster on the pairs
inside its component alone, and blocks that grow too large give up what they had found.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import duckdb
import numpy as np
import polars as pl

from identity.graph import connected
from identity.keeping.stable import match_ids, one_ids
from identity.scoring.cluster import MISSING_WEIGHT, cluster
from identity.scoring.model import Model
from identity.scoring.scheme import Scheme
from identity.scoring.score import LEAST_WEIGHT, compare_pairs

_TABLES: Final = """
    create table if not exists store.block (key ubigint, largest usmallint, unique_id bigint);
    create table if not exists store.pair (a bigint, b bigint, match_weight double, is_vetoed boolean);
    create table if not exists store.person (unique_id bigint, component bigint, serial bigint);
    create table if not exists store.last_serial as select 0::bigint as serial;
"""


@dataclass(frozen=True)
class Added:
    """What a batch of rows did.

    Attributes:
        n_pairs: pairs that were scored; n_retired: pairs that a block grown too large gave up.
        n_touched: rows whose cluster was worked out anew, the new ones among them.
        n_new_ids: OneIDs that were given; n_changed: earlier rows whose OneID is another now.
    """

    n_rows: int
    n_pairs: int
    n_retired: int
    n_touched: int
    n_new_ids: int
    n_changed: int


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

    def add(self, rows: pl.DataFrame) -> Added:
        """Takes rows in, all of them or, where anything fails, none.

        Args:
            rows: the scheme's columns; `unique_id` (Int64) is new to the store, and says nothing of when a row came:
                ties are broken by it.
        """
        con = self._con
        con.register("given", rows.select(self._scheme.columns).to_arrow())
        con.execute(f"create or replace temp table new_row as select {self._with_frequencies()}")
        con.unregister("given")
        con.execute("create table if not exists store.row as select * from new_row limit 0")
        self._find_pairs()
        self._find_retired()
        self._score()
        person, n_new, n_changed = self._people_now()
        con.register("person_now", person.to_arrow())
        self._write(n_new)
        con.unregister("person_now")
        n_pairs, n_retired = self._count("blocked_pairs"), self._count("retired")
        return Added(len(rows), n_pairs, n_retired, len(person), n_new, n_changed)

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

    def _find_pairs(self) -> None:
        """The pairs that the new rows make, among themselves and with those that are there: table blocked_pairs."""
        keys = []
        for number, rule in enumerate(self._scheme.blocking):
            item = f"unnest({rule.explode})" if rule.explode else "null"
            keys.append(
                f"select distinct hash('{number}|' || ({rule.key})::varchar) as key, "
                f"{rule.largest_block}::usmallint as largest, unique_id "
                f"from (select *, {item} as item from new_row) where {rule.key} is not null"
            )
        self._temp("new_key", " union all ".join(keys))
        self._temp("old_key", "select b.* from store.block b semi join new_key n on n.key = b.key")
        self._temp(
            "size",
            """
            select key, any_value(largest) as largest, count(*) as n, count(*) filter (is_new) as n_new
            from (select *, true as is_new from new_key union all select *, false from old_key) group by key
            """,
        )
        self._temp(
            "blocked_pairs",
            """
            with fit as (select key from size where n between 2 and largest),
            fresh as (select key, unique_id from new_key semi join fit using (key)),
            stale as (select key, unique_id from old_key semi join fit using (key))
            select distinct '0' as match_key, least(l, r) as join_key_l, greatest(l, r) as join_key_r
            from (select x.unique_id as l, y.unique_id as r from fresh x join fresh y using (key)
                  where x.unique_id < y.unique_id
                  union all select x.unique_id, y.unique_id from fresh x join stale y using (key))
            """,
        )

    def _find_retired(self) -> None:
        """The pairs of blocks that have grown too large, unless another block still holds both: table retired."""
        self._temp("outgrown", "select key from size where n > largest and n - n_new between 2 and largest")
        self._temp(
            "doubted",
            """
            with member as (select key, unique_id from old_key semi join outgrown using (key))
            select distinct x.unique_id as a, y.unique_id as b
            from member x join member y on x.key = y.key and x.unique_id < y.unique_id
            semi join store.pair p on p.a = x.unique_id and p.b = y.unique_id
            """,
        )
        if not self._count("doubted"):
            self._temp("retired", "select * from store.pair limit 0")
            return
        self._temp(
            "shared",
            """
            with held as (
                select b.* from store.block b
                semi join (select a as id from doubted union select b from doubted) d on d.id = b.unique_id
            )
            select d.a, d.b, x.key, x.largest from doubted d
            join held x on x.unique_id = d.a join held y on y.unique_id = d.b and y.key = x.key
            """,
        )
        self._temp(
            "retired",
            """
            with n as (
                select key, count(*) as n from (select key from store.block union all select key from new_key) b
                semi join shared s on s.key = b.key group by key
            ),
            supported as (select distinct s.a, s.b from shared s join n using (key) where n.n <= s.largest)
            select p.* from store.pair p semi join doubted d on d.a = p.a and d.b = p.b
            anti join supported s on s.a = p.a and s.b = p.b
            """,
        )

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
            union all select * from store.row semi join needed on needed.id = unique_id
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

    def _people_now(self) -> tuple[pl.DataFrame, int, int]:
        """The persons of every component that a new row, a new pair or a retired one touches.

        Returns:
            unique_id, component, serial of their rows; how many OneIDs are new; how many earlier rows have another.
        """
        self._temp(
            "touched",
            f"""
            with ends as (
                select a, b from fresh_pair where match_weight >= {MISSING_WEIGHT} or is_vetoed
                union all select a, b from retired
            ),
            component as (
                select distinct component from store.person
                semi join (select a as id from ends union select b from ends) e on e.id = unique_id
            )
            select unique_id, component, serial from store.person semi join component using (component)
            union all select unique_id, null, null from new_row
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

    def _clustered(self, node: pl.DataFrame, pair: pl.DataFrame) -> tuple[pl.DataFrame, int, int]:
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
        placed = node.with_columns(pl.Series("cluster", label), pl.Series("component", first[component]))
        overlap = (
            placed.filter(pl.col("serial").is_not_null())
            .group_by("serial", "cluster")
            .agg(pl.len().cast(pl.Float64).alias("weight"))
            .with_columns(pl.col("serial").alias("old_one_id"))
            .sort("serial", "cluster")
        )
        kept = match_ids(overlap).rename({"one_id": "now"})
        fresh = placed.select("cluster").unique().join(kept, on="cluster", how="anti").sort("cluster")
        last = self._con.sql("select serial from store.last_serial").fetchall()[0][0]
        fresh = fresh.with_columns((pl.int_range(1, pl.len() + 1, dtype=pl.Int64) + last).alias("now"))
        done = placed.join(pl.concat([kept, fresh]), on="cluster", maintain_order="left")
        n_changed = int((done["serial"].is_not_null() & (done["serial"] != done["now"])).sum())
        return done.select("unique_id", "component", pl.col("now").alias("serial")), len(fresh), n_changed

    def _write(self, n_new: int) -> None:
        """Everything at once: a store that is killed has the whole batch or nothing of it."""
        con = self._con
        con.execute("begin")
        try:
            con.execute("insert into store.row select * from new_row")
            con.execute("insert into store.block select * from new_key")
            con.execute("delete from store.pair p using retired r where r.a = p.a and r.b = p.b")
            con.execute("insert into store.pair select * from fresh_pair")
            con.execute("delete from store.person p using touched t where t.unique_id = p.unique_id")
            con.execute("insert into store.person select unique_id, component, serial from person_now")
            con.execute("update store.last_serial set serial = serial + ?", [n_new])
            con.execute("commit")
        except Exception:
            con.execute("rollback")
            raise

    def _temp(self, name: str, query: str) -> None:
        self._con.execute(f"create or replace temp table {name} as {query}")

    def _count(self, table: str) -> int:
        return int(self._con.sql(f"select count(*) from {table}").fetchall()[0][0])
