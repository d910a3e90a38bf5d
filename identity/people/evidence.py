"""Evidence: why rows are one person, pair by pair, in words and weights.

Belongs here: the edges of an answer. What the weights mean is the model's matter.
"""

import json
from typing import Any, Final

import numpy as np
import polars as pl

from identity.graph import Keys
from identity.people.describe import Codes
from identity.people.levels import Levels
from identity.people.pairs import Pairs
from identity.scoring.scheme import Scheme

EDGE_SCHEMA: Final = {
    "row_a": pl.Int32,
    "row_b": pl.Int32,
    "match_weight": pl.Float64,
    "rule": pl.String,
    "evidence": pl.String,
}


def edges_of(
    scheme: Scheme, settings: dict[str, Any], pairs: Pairs, levels: Levels, label: Keys, of_row: Codes
) -> pl.DataFrame:
    """The compared pairs that ended as one person.

    Rows that say exactly the same have no pair; the first of them stands for all.

    Args:
        scheme: how they were compared.
        settings: trained.
        pairs: that were compared.
        levels: of each pair in each comparison.
        label: the person of each candidate.
        of_row: the candidate of each row.

    Returns:
        row_a < row_b (rows of all files, counted from 1), match_weight (log2 odds), rule (the blocking rule that found
        the pair), evidence (JSON: per comparison its words and weight).
    """
    joined = label[pairs.left] == label[pairs.right]
    if not joined.any():
        return pl.DataFrame(schema=EDGE_SCHEMA)
    row = np.empty(len(label), dtype=np.int32)
    row[of_row[::-1]] = np.arange(len(of_row), 0, -1)  # the last to be written is the first row
    a, b = row[pairs.left[joined]], row[pairs.right[joined]]
    names = [str(one["output_column_name"]) for one in scheme.comparisons]
    found = pl.DataFrame(
        {
            "row_a": np.minimum(a, b),
            "row_b": np.maximum(a, b),
            "rule": pairs.rule[joined],
            **{name: levels[joined, n] for n, name in enumerate(names)},
        }
    )
    return _worded(found.sort("row_a", "row_b"), names, settings, scheme)


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
    rules = {n: rule.name for n, rule in enumerate(scheme.blocking)}
    return pairs.join(patterns, on=names, how="left", maintain_order="left").select(
        "row_a",
        "row_b",
        "match_weight",
        pl.col("rule").replace_strict(rules, return_dtype=pl.String),
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
