"""Clustering of sure clusters by their scored edges: average linkage with guards, so that no chain runs away.

A scored edge joins two groups only if the *average* over all pairs between them is good enough, pairs never
scored counting against. One strong edge between two otherwise strange groups is not enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from identity.graph import GuardedMerge, Keys
from identity.scoring.linkage import average_linkage

# log2 odds: 4.25 is p = 0.95, the least average weight at which two groups are one person.
MERGE_WEIGHT = 4.25
# From p = 0.5 up to the merge weight an edge is doubtful: kept for review, never acted on.
DOUBTFUL_WEIGHT = 0.0
# What a pair that no blocking rule found adds to an average.
MISSING_WEIGHT = -2.0
# What a vetoed pair adds: no likeness of others to both, however many they are, makes up for it.
VETOED_WEIGHT = -1_000.0


# Per type that people have one of, the values of each node that has any.
Guards = Sequence[dict[int, frozenset[str]]]


@dataclass(frozen=True)
class Clusters:
    """The outcome of clustering.

    Attributes:
        label: per sure cluster, its cluster, dense from 0.
        doubtful: cluster_a, cluster_b of scored pairs that were too weak, or strong but not acted on.
        n_refused: merges that a guard refused.
    """

    label: Keys
    doubtful: pl.DataFrame
    n_refused: int


def cluster(
    n_sure: int,
    pair: pl.DataFrame,
    guards: Guards,
    *,
    merge_weight: float = MERGE_WEIGHT,
    apart: Sequence[tuple[int, int]] = (),
) -> Clusters:
    """Merges sure clusters while the average weight between two groups stays at or above `merge_weight`.

    Args:
        n_sure: number of sure clusters (0 … n_sure - 1).
        pair: scored pairs (`score.Scores.pair`).
        guards: per single-valued identifier type, the values of each sure cluster that has any.
        apart: pairs of sure clusters that a steward says are two people.
    """
    weight = pl.when("is_vetoed").then(VETOED_WEIGHT).otherwise(pl.col("match_weight")).alias("match_weight")
    usable = pair.with_columns(weight).filter(pl.col("is_vetoed") | (pl.col("match_weight") >= MISSING_WEIGHT))
    guarded = np.zeros(n_sure, dtype=bool)
    guarded[[node for guard in guards for node in guard] + [node for two in apart for node in two]] = True
    label, refused = average_linkage(
        n_sure,
        usable["cluster_a"].to_numpy(),
        usable["cluster_b"].to_numpy(),
        usable["match_weight"].to_numpy(),
        merge_weight=merge_weight,
        missing=MISSING_WEIGHT,
        guarded=guarded,
        merge=GuardedMerge(n_sure, guards, apart) if guarded.any() else None,
    )
    dense = np.unique(label, return_inverse=True)[1].astype(np.int64)
    return Clusters(dense, left_apart(pair, dense), refused)


def left_apart(pair: pl.DataFrame, label: Keys) -> pl.DataFrame:
    """The doubtful pairs: cluster_a, cluster_b of those that are in two clusters for all their weight."""
    is_apart = pl.Series(label[pair["cluster_a"].to_numpy()] != label[pair["cluster_b"].to_numpy()], dtype=pl.Boolean)
    return pair.filter(is_apart & (pl.col("match_weight") >= DOUBTFUL_WEIGHT)).select("cluster_a", "cluster_b")
