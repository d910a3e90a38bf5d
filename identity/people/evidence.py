"""Evidence: why rows are one person, pair by pair, in words and weights.

Belongs here: the edges of an answer. What the weights mean is the model's matter.
"""

import json
from typing import Any, Final

import duckdb
import numpy as np
import polars as pl

from identity.graph import Keys
from identity.scoring.estimate import levels_as_weights
from identity.scoring.scheme import Scheme
from identity.scoring.score import compare_pairs

EDGE_SCHEMA: Final = {
    "row_a": pl.Int32,
    "row_b": pl.Int32,
    "match_weight": pl.Float64,
    "rule": pl.String,
    "evidence": pl.String,
}


def edges_of(con: duckdb.DuckDBPyConnection, scheme: Scheme, settings: dict[str, Any], label: Keys) -> pl.DataFrame:
    """The compared pairs that ended as one person.

    Rows that say exactly the same have no pair; the first of them stands for all.

    Args:
        con: holds `candidate`, `blocked_pairs`, `row_of`.
        label: the person of each candidate.

    Returns:
        row_a < row_b (rows of all files, counted from 1), match_weight (log2 odds), rule (the blocking rule that found
        the pair), evidence (JSON: per comparison its words and weight).
    """
    con.register("labels", pl.DataFrame({"unique_id": np.arange(len(label)), "person": label}).to_arrow())
    con.execute("""
        create or replace table joined_pairs as
        select match_key, join_key_l, join_key_r from blocked_pairs b
        join labels l on l.unique_id = b.join_key_l join labels r on r.unique_id = b.join_key_r
        where l.person = r.person
    """)
    con.unregister("labels")
    compared = compare_pairs(con, "candidate", "joined_pairs", levels_as_weights(settings), parts=True)
    names = [str(one["output_column_name"]) for one in scheme.comparisons]
    levels = ", ".join(f"round(mw_{name})::int - 1 as {name}" for name in names)
    pairs = con.sql(f"""
        with first as (select unique_id, min(row_key) + 1 as row from row_of group by unique_id)
        select least(a.row, b.row) as row_a, greatest(a.row, b.row) as row_b, match_key, {levels}
        from {compared} join first a on a.unique_id = unique_id_l join first b on b.unique_id = unique_id_r order by all
    """).pl()
    con.execute(f"drop table {compared}")
    con.execute("drop table joined_pairs")
    if pairs.is_empty():
        return pl.DataFrame(schema=EDGE_SCHEMA)
    return _worded(pairs, names, settings, scheme)


def _worded(pairs: pl.DataFrame, names: list[str], settings: dict[str, Any], scheme: Scheme) -> pl.DataFrame:
    """Each pattern of levels is put into words once."""
    words = {str(one["output_column_name"]): _levels(one) for one in settings["comparisons"]}
    odds = settings["probability_two_random_records_match"]
    start = float(np.log2(odds / (1 - odds)))
    patterns = pairs.select(names).unique(maintain_order=True)
    told = [
        {name: words[name][level] for name, level in zip(names, row, strict=True) if level >= 0}
        for row in patterns.iter_rows()
    ]
    patterns = patterns.with_columns(
        pl.Series(
            "match_weight", [round(start + sum(w for _, w in one.values()), 3) for one in told], dtype=pl.Float64
        ),
        pl.Series(
            "evidence",
            [
                json.dumps(
                    {k: {"words": text, "weight": round(w, 2)} for k, (text, w) in one.items()}, ensure_ascii=False
                )
                for one in told
            ],
            dtype=pl.String,
        ),
    )
    rules = {str(n): rule.name for n, rule in enumerate(scheme.blocking)}
    return pairs.join(patterns, on=names, how="left", maintain_order="left").select(
        pl.col("row_a").cast(pl.Int32),
        pl.col("row_b").cast(pl.Int32),
        "match_weight",
        pl.col("match_key").replace_strict(rules, return_dtype=pl.String).alias("rule"),
        "evidence",
    )


def _levels(comparison: dict[str, Any]) -> dict[int, tuple[str, float]]:
    """Words and weight of each level by Splink's number."""
    levels = [one for one in comparison["comparison_levels"] if not one.get("is_null_level")]
    return {
        len(levels) - 1 - n: (
            str(one["label_for_charts"]), float(np.log2(one["m_probability"] / one["u_probability"]))
        )
        for n, one in enumerate(levels)
    }  # fmt: skip
