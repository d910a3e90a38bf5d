"""Scored edges: pairs of candidates, weighed by the model.

Belongs here: blocking and Splink's prediction on the candidates of this run. The thresholds are `cluster`'s.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

import duckdb
import polars as pl

from identity.scoring.blocking import block
from identity.scoring.model import Model
from identity.scoring.scheme import Scheme, prior

# Weaker pairs say nothing that clustering would use.
LEAST_WEIGHT = -6.0


@dataclass(frozen=True)
class Scores:
    """The scored pairs.

    Attributes:
        pair: cluster_a < cluster_b, match_weight (log2 odds), match_probability, match_key, evidence (JSON of
            each comparison's level and weight), is_vetoed (a comparison of the scheme's `vetoes` disagrees).
        pairs_by_rule: pairs that each blocking rule added.
    """

    pair: pl.DataFrame
    pairs_by_rule: dict[str, int]


def score(rows: pl.DataFrame, model: Model, scheme: Scheme, *, threads: int | None = None) -> Scores:
    """Blocks the candidates and scores each pair.

    Args:
        rows: the scheme's columns.
        model: the trained model; without a prior of its own it is set from the number of rows.
    """
    with blocked(rows, scheme, threads) as (con, by_rule):
        if not sum(by_rule.values()):
            return Scores(NO_PAIRS, by_rule)
        tuned = {**model.settings, "probability_two_random_records_match": model.prior or prior(len(rows))}
        predicted = compare_pairs(con, "candidate", "blocked_pairs", tuned, least_weight=LEAST_WEIGHT, gammas=True)
        return Scores(pairs_of(con, predicted, scheme), by_rule)


@contextmanager
def blocked(
    rows: pl.DataFrame, scheme: Scheme, threads: int | None = None
) -> Iterator[tuple[duckdb.DuckDBPyConnection, dict[str, int]]]:
    """A database that holds `candidate` and its `blocked_pairs`, and the pairs that each rule added."""
    con = duckdb.connect()
    try:
        if threads:
            con.execute(f"set threads = {int(threads)}")
        con.register("candidate_rows", rows.to_arrow())
        con.execute("create table candidate as select * from candidate_rows order by unique_id")
        yield con, block(con, "candidate", scheme.blocking)
    finally:
        con.close()


def compare_pairs(
    con: duckdb.DuckDBPyConnection,
    table: str,
    pairs: str,
    settings: dict[str, Any],
    *,
    least_weight: float | None = None,
    gammas: bool = False,
) -> str:
    """Lets Splink weigh the pairs of table `pairs` (match_key, join_key_l, join_key_r) by trained settings.

    Args:
        table: the rows; `unique_id` is what the join keys mean.
        least_weight: weaker pairs are left out.
        gammas: keep each comparison's level (gamma_*) and weight (mw_*).

    Returns:
        The name of a new table: unique_id_l, unique_id_r, match_weight, match_probability, match_key and what is kept.
    """
    from splink import DuckDBAPI, Linker

    logging.getLogger("splink").setLevel(logging.ERROR)
    kept = {"retain_matching_columns": gammas, "retain_intermediate_calculation_columns": gammas}
    api = DuckDBAPI(connection=con)
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        linker = Linker(api.register(table), {**settings, **kept}, log_level="ERROR")
        linker.table_management.register_blocked_pairs_for_predict(api.register(pairs))
        return str(linker.inference.predict(threshold_match_weight=least_weight).physical_name)


NO_PAIRS = pl.DataFrame(
    schema={
        "cluster_a": pl.Int64,
        "cluster_b": pl.Int64,
        "match_weight": pl.Float64,
        "match_probability": pl.Float64,
        "match_key": pl.String,
        "evidence": pl.String,
        "is_vetoed": pl.Boolean,
    }
)


def pairs_of(con: duckdb.DuckDBPyConnection, table: str, scheme: Scheme) -> pl.DataFrame:
    """Splink's predictions in the shape of `Scores.pair`, from a table of them."""
    names = {str(row[0]) for row in con.sql(f"select column_name from (describe {table})").fetchall()}
    parts = []
    for c in (one["output_column_name"] for one in scheme.comparisons):
        weights = [f"coalesce({w}, 0)" for w in (f"mw_{c}", f"mw_tf_adj_{c}") if w in names]
        parts.append(f"'{c}', {{'level': gamma_{c}, 'weight': round({' + '.join(weights) or '0'}, 2)}}")
    return con.sql(f"""
        select unique_id_l::bigint as cluster_a, unique_id_r::bigint as cluster_b,
               round(match_weight, 6) as match_weight, match_probability, match_key,
               json_object({", ".join(parts)})::varchar as evidence,
               {" or ".join(f"gamma_{c} = 0" for c in scheme.vetoes) or "false"} as is_vetoed
        from {table} order by all
    """).pl()
