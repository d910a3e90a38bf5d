"""A table of people on Spark: candidates as Parquet, blocked, scored by Splink and clustered there.

Belongs here: moving between arrays and Parquet, and the linkage that Spark's workers run. The Spark jobs themselves are
`scoring.spark`'s, the ones that make OneIDs too.
"""

from functools import partial
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from identity.graph import Keys
from identity.people.engines import LEAST_WEIGHT, MISSING_WEIGHT, Open, Weighed
from identity.people.features import Candidates
from identity.people.levels import Levels, levels_of
from identity.people.pairs import Pairs
from identity.people.sure import Guards, PeopleMerge
from identity.scoring import spark as jobs
from identity.scoring.estimate import BLOCKED_PAIRS
from identity.scoring.linkage import average_linkage
from identity.scoring.model import Model
from identity.scoring.scheme import Scheme

# Candidates that are written at once: their texts are looked up only then.
_AT_ONCE: Final = 500_000
_FILE: Final = "file"


def opener(spark: dict[str, str], folder: Path) -> Open:
    """Starts Spark; returns how the work on a table is opened.

    Args:
        spark: `master`, and any setting of Spark's own.
        folder: for tables; all workers must see it.

    Raises:
        UsageError: PySpark or Java is missing, or the master does not answer.
    """
    conf = {name: value for name, value in spark.items() if name not in ("master", "folder")}
    session = jobs.session(spark.get("master") or "local[*]", conf)
    return lambda con, candidates, scheme: OnSpark(con, candidates, scheme, session, folder)


class OnSpark:
    """The scored stage of one table on Spark."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, candidates: Candidates, scheme: Scheme, session: Any, folder: Path
    ) -> None:
        self._con, self._candidates, self._scheme = con, candidates, scheme
        self._session, self._folder = session, folder
        self._rows, self._blocked = folder / "rows", folder / "blocked"
        self._round = 0

    def block(self) -> dict[str, int]:
        """As `Engine.block`."""
        write_candidates(self._candidates, self._rows)
        jobs.block_on_spark(self._session, self._rows, self._blocked, self._scheme.blocking)
        n_of = dict(self._con.sql(f"select match_key, count(*) from {_scan(self._blocked)} group by all").fetchall())
        return {rule.name: int(n_of.get(str(n), 0)) for n, rule in enumerate(self._scheme.blocking)}

    def compare(self) -> None:
        """Splink compares and weighs in one, as soon as there are weights."""

    def sampled(self) -> Levels:
        """As `Engine.sampled`."""
        n = self._con.sql(f"select count(*) from {_scan(self._blocked)}").fetchall()[0][0]
        # What `estimate.sample_of_blocked` keeps.
        found = self._con.sql(f"""
            select join_key_l, join_key_r from {_scan(self._blocked)}
            where (join_key_l::bigint * 7919 + join_key_r::bigint * 104729) % {max(n // BLOCKED_PAIRS, 1)} = 0
        """).fetchnumpy()
        return levels_of(
            self._con, self._candidates, self._scheme.comparisons, found["join_key_l"], found["join_key_r"]
        )

    def weigh_all(self, settings: dict[str, Any], label: Keys) -> Weighed:
        """As `Engine.weigh_all`."""
        # Joined candidates are weighed anew as one: their pairs are wanted however weak.
        is_joined = int(label.max(initial=-1)) + 1 < len(label)
        return self._scored(self._rows, self._blocked, settings, None if is_joined else LEAST_WEIGHT)

    def weigh(self, candidates: Candidates, settings: dict[str, Any], pairs: Weighed) -> NDArray[np.float64]:
        """As `Engine.weigh`."""
        if not len(pairs.left):
            return np.empty(0)
        self._round += 1
        rows, given = (self._folder / f"{name}_{self._round}" for name in ("rows", "pairs"))
        write_candidates(candidates, rows)
        given.mkdir(mode=0o700)
        keys = {"join_key_l": pairs.left.astype(np.int64), "join_key_r": pairs.right.astype(np.int64)}
        named = pl.repeat("0", len(pairs.left), eager=True).alias("match_key")
        pl.DataFrame([named]).with_columns(**{k: pl.Series(v) for k, v in keys.items()}).write_parquet(
            given / "0.parquet"
        )
        found = self._scored(rows, given, settings, None)
        # In the order of the pairs, which are each there once.
        place = np.lexsort((pairs.right, pairs.left))
        weight = np.empty(len(place))
        weight[place] = found.weight
        return weight

    def _scored(self, rows: Path, pairs: Path, settings: dict[str, Any], least_weight: float | None) -> Weighed:
        """The weights of pairs, ordered by them."""
        slim = {**settings, "retain_matching_columns": False, "retain_intermediate_calculation_columns": False}
        model = Model("learnt", slim, prior=settings["probability_two_random_records_match"])
        out = self._folder / "scored"
        jobs.score_on_spark(
            self._session, rows, out, model, self._scheme, pairs=pairs, least_weight=least_weight
        )  # fmt: skip
        found = self._con.sql(f"""
            select cluster_a::int as l, cluster_b::int as r, round(match_weight, 6) as w from {_scan(out)} order by l, r
        """).fetchnumpy()
        return Weighed(found["l"], found["r"], found["w"])

    def link(self, n: int, pairs: Weighed, merge_weight: float, guards: Guards, label: Keys) -> Keys:
        """As `Engine.link`."""
        self._round += 1
        named = (f"weighed_{self._round}.parquet", f"guards_{self._round}.parquet", f"clusters_{self._round}")
        weighed, held, out = (self._folder / name for name in named)
        pl.DataFrame({
            "cluster_a": pairs.left.astype(np.int64), "cluster_b": pairs.right.astype(np.int64),
            "match_weight": pairs.weight,
        }).with_columns(is_vetoed=pl.lit(False)).write_parquet(weighed)  # fmt: skip
        told = guards.told(label)
        _guard_table(told).write_parquet(held)
        jobs.cluster_on_spark(
            self._session, weighed, out, merge_weight=merge_weight, guards=held if told else None,
            least_weight=LEAST_WEIGHT, linked=partial(cluster_people, guarded=bool(told)),
        )  # fmt: skip
        joined = np.arange(n, dtype=np.int64)
        found = self._con.sql(f"select unique_id, cluster_id from {_scan(out)}").fetchnumpy()
        joined[found["unique_id"]] = found["cluster_id"]
        return joined

    def within(self, label: Keys) -> tuple[Pairs, Levels]:
        """As `Engine.within`."""
        self._con.register("person_of", pl.DataFrame({"id": np.arange(len(label)), "person": label}).to_arrow())
        found = self._con.sql(f"""
            select join_key_l::int as l, join_key_r::int as r, match_key::utinyint as rule from {_scan(self._blocked)}
            join person_of a on a.id = join_key_l join person_of b on b.id = join_key_r and b.person = a.person
            order by l, r
        """).fetchnumpy()
        self._con.unregister("person_of")
        pairs = Pairs(found["l"], found["r"], found["rule"])
        return pairs, levels_of(self._con, self._candidates, self._scheme.comparisons, pairs.left, pairs.right)


def write_candidates(candidates: Candidates, folder: Path) -> None:
    """Writes candidates as Parquet, a row each: unique_id and the columns that are compared."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for number, first in enumerate(range(0, max(candidates.n, 1), _AT_ONCE)):
        rows = [pl.int_range(first, min(first + _AT_ONCE, candidates.n), eager=True).alias("unique_id").to_frame()]
        for field, codes in candidates.codes.items():
            at = pl.Series(codes[first : first + _AT_ONCE]).to_frame("at")
            told = at.select(pl.when(pl.col("at") >= 0).then(pl.col("at"))).to_series()
            rows.append(candidates.features[field].select(pl.all().gather(told)))
        pl.concat(rows, how="horizontal").write_parquet(folder / f"part_{number:05}.parquet")


def cluster_people(edge: pl.DataFrame, merge_weight: float, *, guarded: bool) -> pl.DataFrame:
    """As `scoring.spark.cluster_edges`, with the guards of a table of people; runs on Spark's workers.

    Args:
        edge: a, b, w, held_a, held_b of whole components.
        merge_weight: least average match weight.
        guarded: whether the table has guards at all.
    """
    node, pair = jobs.numbered(edge)
    held = jobs.held_values(pair)
    files = held.pop(_FILE, {})
    n = len(node)
    label, _ = average_linkage(
        n,
        pair["cluster_a"].to_numpy(),
        pair["cluster_b"].to_numpy(),
        pair["w"].to_numpy(),
        merge_weight=merge_weight,
        missing=MISSING_WEIGHT,
        guarded=np.ones(n, dtype=bool) if guarded else None,
        merge=PeopleMerge(n, list(held.values()), files) if guarded else None,
    )
    return jobs.least_of_each(node, label)


def _guard_table(told: tuple[list[dict[int, frozenset[str]]], dict[int, frozenset[str]]] | None) -> pl.DataFrame:
    """The guards as `cluster_on_spark` takes them: unique_id, guard, value."""
    values, files = told or ([], {})
    named = [(str(n), guard) for n, guard in enumerate(values)] + [(_FILE, files)]
    rows = [(node, name, value) for name, guard in named for node, its in guard.items() for value in sorted(its)]
    schema = {"unique_id": pl.Int64, "guard": pl.String, "value": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("unique_id", "guard", "value")


def _scan(folder: Path) -> str:
    text = str(folder / "*.parquet").replace("'", "''")
    return f"read_parquet('{text}')"
