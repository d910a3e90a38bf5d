"""Reuse: a day's run weighs only the pairs that the last run did not weigh.

Belongs here: an engine that remembers. A pair's weight depends on what its two rows say and on the frozen model alone,
so it is kept under hashes of the two and taken again where both say the very same; nothing else is ever reused, and a
run with the memory gives what one without it gives, to the last digit.
"""

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from identity.scoring.engine import DuckEngine
from identity.scoring.frozen import FREQUENCY
from identity.scoring.model import Model
from identity.scoring.scheme import Scheme, prior
from identity.scoring.score import LEAST_WEIGHT, NO_PAIRS, Scores, blocked, compare_pairs, pairs_of

MEMORY: Final = "pair_score.parquet"
_KEY: Final = ["content_a", "content_b"]
_SCHEMA: Final = {
    "basis": pl.String, "content_a": pl.String, "content_b": pl.String, "match_weight": pl.Float64,
    "match_probability": pl.Float64, "evidence": pl.String, "is_vetoed": pl.Boolean,
}  # fmt: skip


class RememberingEngine(DuckEngine):
    """This machine, with the scores of the last run.

    Attributes:
        n_reused: pairs whose weight was known.
    """

    def __init__(self, folder: Path | None) -> None:
        """Remembers what `keep` wrote.

        Args:
            folder: the private identity tables of the last run, or None.
        """
        path = folder / MEMORY if folder else None
        self._last = pl.read_parquet(path) if path and path.exists() else pl.DataFrame(schema=_SCHEMA)
        self._now: list[pl.DataFrame] = []
        self.n_reused = 0

    def score(self, rows: pl.DataFrame, model: Model, scheme: Scheme) -> Scores:
        """As `score.score`."""
        if FREQUENCY not in rows.columns or model.prior is None:
            # Frequencies or a prior that are counted anew in each run: the weight of every pair is another each time.
            return super().score(rows, model, scheme)
        with blocked(rows, scheme) as (con, by_rule):
            return Scores(self._pairs(con, model, scheme) if sum(by_rule.values()) else NO_PAIRS, by_rule)

    def keep(self, folder: Path) -> None:
        """Writes what this run has weighed or taken over, for the next."""
        weighed = pl.concat([pl.DataFrame(schema=_SCHEMA), *self._now]).unique(["basis", *_KEY], keep="first")
        weighed.sort("basis", *_KEY).write_parquet(folder / MEMORY)

    def _pairs(self, con: duckdb.DuckDBPyConnection, model: Model, scheme: Scheme) -> pl.DataFrame:
        basis = _basis(model, scheme)
        known = pl.concat([self._last, *self._now]).filter(pl.col("basis") == basis).unique(_KEY, keep="first")
        con.register("remembered", known.to_arrow())
        names = [name for (name,) in con.sql("select column_name from (describe candidate)").fetchall()]
        rest = "{" + ", ".join(f"'{name}': {name}" for name in names if name != "unique_id") + "}"
        con.execute(f"""
            create table said as
            select unique_id, md5(to_json(c)::varchar) as content
            from (select unique_id, {rest} as c from candidate)
        """)
        con.execute("""
            create table asked as
            select b.match_key, b.join_key_l, b.join_key_r, l.content as content_a, r.content as content_b
            from blocked_pairs b join said l on l.unique_id = b.join_key_l join said r on r.unique_id = b.join_key_r
        """)
        con.execute("""
            create table fresh_pairs as
            select match_key, join_key_l, join_key_r from asked anti join remembered using (content_a, content_b)
        """)
        fresh = self._weighed(con, model, scheme)
        taken = con.sql("""
            select a.join_key_l::bigint as cluster_a, a.join_key_r::bigint as cluster_b, m.match_weight,
                   m.match_probability, a.match_key, m.evidence, m.is_vetoed
            from asked a join remembered m using (content_a, content_b)
        """).pl()
        self.n_reused += len(taken)
        pair = pl.concat([fresh, taken.select(fresh.columns).cast(dict(fresh.schema))])
        self._remember(con, pair, basis)
        return pair.filter(pl.col("match_weight").is_not_null()).sort("cluster_a", "cluster_b")

    def _weighed(self, con: duckdb.DuckDBPyConnection, model: Model, scheme: Scheme) -> pl.DataFrame:
        """The fresh pairs with their weights, null for those too weak to count."""
        pairs = con.sql("select join_key_l::bigint as cluster_a, join_key_r::bigint as cluster_b from fresh_pairs").pl()
        if pairs.is_empty():
            return NO_PAIRS
        tuned = {**model.settings, "probability_two_random_records_match": model.prior or prior(len(pairs))}
        predicted = compare_pairs(con, "candidate", "fresh_pairs", tuned, least_weight=LEAST_WEIGHT, gammas=True)
        found = pairs_of(con, predicted, scheme)
        weak = pairs.join(found, on=["cluster_a", "cluster_b"], how="anti")
        return pl.concat([found, weak], how="diagonal_relaxed").select(NO_PAIRS.columns)

    def _remember(self, con: duckdb.DuckDBPyConnection, pair: pl.DataFrame, basis: str) -> None:
        said = con.sql("select unique_id::bigint as unique_id, content from said").pl()
        ends = [said.rename({"unique_id": f"cluster_{side}", "content": f"content_{side}"}) for side in "ab"]
        told = pair.join(ends[0], on="cluster_a").join(ends[1], on="cluster_b")
        self._now.append(told.select(pl.lit(basis).alias("basis"), *(name for name in _SCHEMA if name != "basis")))


def _basis(model: Model, scheme: Scheme) -> str:
    """What a weight depends on besides the two rows, as a short hash."""
    given = [
        model.settings,
        model.prior,
        scheme.vetoes,
        scheme.columns,
        LEAST_WEIGHT,
        version("splink"),
        version("duckdb"),
    ]
    return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()[:16]
