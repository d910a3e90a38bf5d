"""Engines: what scores and clusters, this machine or a Spark cluster.

Belongs here: the choice. Both take the same rows, models and schemes and give the same pairs and partition.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb
import numpy as np
import polars as pl

from common.errors import UsageError
from identity.scoring.cluster import Clusters, Guards, cluster, left_apart
from identity.scoring.model import Model
from identity.scoring.scheme import Scheme
from identity.scoring.score import NO_PAIRS, Scores, pairs_of, score


class Engine(Protocol):
    """What the scored stage runs on."""

    def score(self, rows: pl.DataFrame, model: Model, scheme: Scheme) -> Scores:
        """The pairs that blocking finds among the rows, weighed by the model; as `score.score`."""

    def cluster(
        self,
        n_rows: int,
        pair: pl.DataFrame,
        guards: Guards,
        *,
        merge_weight: float,
        apart: Sequence[tuple[int, int]] = (),
    ) -> Clusters:
        """The clusters that the pairs make; as `cluster.cluster`."""


class DuckEngine:
    """This machine: DuckDB for the pairs, SciPy and Python for the graph."""

    def score(self, rows: pl.DataFrame, model: Model, scheme: Scheme) -> Scores:
        """As `score.score`."""
        return score(rows, model, scheme)

    def cluster(
        self,
        n_rows: int,
        pair: pl.DataFrame,
        guards: Guards,
        *,
        merge_weight: float,
        apart: Sequence[tuple[int, int]] = (),
    ) -> Clusters:
        """As `cluster.cluster`."""
        return cluster(n_rows, pair, guards, merge_weight=merge_weight, apart=apart)


@dataclass(frozen=True)
class SparkEngine:
    """A Spark cluster, reached through PySpark; tables travel as Parquet.

    Attributes:
        folder: where rows, pairs and clusters are written; all workers must see it.
        master: `local[*]`, `yarn`, `spark://host:7077`, …; None leaves it to `spark-submit`.
        conf: further settings of Spark.
    """

    folder: Path
    master: str | None = "local[*]"
    conf: tuple[tuple[str, str], ...] = ()

    def score(self, rows: pl.DataFrame, model: Model, scheme: Scheme) -> Scores:
        """As `score.score`, on Spark."""
        from identity.scoring import spark

        if len(rows) < 2:
            return Scores(NO_PAIRS, {rule.name: 0 for rule in scheme.blocking})
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path, pairs = self.folder / "rows.parquet", self.folder / "pairs"
        rows.write_parquet(path)
        spark.score_on_spark(spark.session(self.master, dict(self.conf)), path, pairs, model, scheme)
        con = duckdb.connect()
        try:
            con.execute(f"create view predicted as select * from read_parquet('{pairs}/*.parquet')")
            pair = pairs_of(con, "predicted", scheme)
        finally:
            con.close()
        # A blocking rule's number is its match key: pairs below the least weight are not counted here.
        by_rule = dict(pair.group_by("match_key").len().iter_rows())
        return Scores(pair, {rule.name: by_rule.get(str(n), 0) for n, rule in enumerate(scheme.blocking)})

    def cluster(
        self,
        n_rows: int,
        pair: pl.DataFrame,
        guards: Guards,
        *,
        merge_weight: float,
        apart: Sequence[tuple[int, int]] = (),
    ) -> Clusters:
        """As `cluster.cluster`, on Spark; how many merges the guards refused is not counted there."""
        from identity.scoring import spark

        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        weighed, held, out = (self.folder / name for name in ("weighed.parquet", "guards.parquet", "clusters"))
        pair.select("cluster_a", "cluster_b", "match_weight", "is_vetoed").write_parquet(weighed)
        _told(guards, apart).write_parquet(held)
        session = spark.session(self.master, dict(self.conf))
        spark.cluster_on_spark(session, weighed, out, merge_weight=merge_weight, guards=held)
        label = np.arange(n_rows, dtype=np.int64)
        found = pl.read_parquet(f"{out}/*.parquet")
        label[found["unique_id"].to_numpy()] = found["cluster_id"].to_numpy()
        dense = np.unique(label, return_inverse=True)[1].astype(np.int64)
        return Clusters(dense, left_apart(pair, dense), 0)


def engine_named(
    name: str, folder: Path, master: str | None = None, conf: Mapping[str, str] | None = None
) -> Engine | None:
    """The engine of a configuration's `engine: duckdb | spark`; None for this machine, as it is wherever none is told.

    Args:
        name: of the engine.
        folder: for Spark's tables; all its workers must see it.
        master: of Spark; `local[*]` if not told.
        conf: further settings of Spark.

    Raises:
        UsageError: there is no such engine.
    """
    if name == "duckdb":
        return None
    if name == "spark":
        return SparkEngine(folder, master or "local[*]", tuple(sorted((conf or {}).items())))
    raise UsageError(f"There is no engine {name!r}; use duckdb (this machine) or spark (a cluster).")


def _told(guards: Guards, apart: Sequence[tuple[int, int]]) -> pl.DataFrame:
    """The guards as a table: unique_id, guard, value. Two rows that a steward holds apart have a guard of their own."""
    rows = [
        (node, str(number), value)
        for number, guard in enumerate(guards)
        for node, values in guard.items()
        for value in sorted(values)
    ]
    for number, (a, b) in enumerate(apart):
        rows += [(a, f"steward {number}", "a"), (b, f"steward {number}", "b")]
    return pl.DataFrame(
        rows, schema={"unique_id": pl.Int64, "guard": pl.String, "value": pl.String}, orient="row"
    ).sort("unique_id", "guard", "value")
