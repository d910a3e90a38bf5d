"""Clustering of sure clusters by their scored edges: average linkage with guards, so that no chain runs away.

A scored edge joins two groups only if the *average* over all pairs between them is good enough, pairs never
scored counting against. One strong edge between two otherwise strange groups is not enough.
"""

import heapq
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from identity.graph import GuardedMerge, Keys, connected

# log2 odds: 4.25 is p = 0.95, the least average weight at which two groups are one person.
MERGE_WEIGHT = 4.25
# From p = 0.5 up to the merge weight an edge is doubtful: kept for review, never acted on.
DOUBTFUL_WEIGHT = 0.0
# What a pair that no blocking rule found adds to an average.
MISSING_WEIGHT = -2.0


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
    guards: Sequence[dict[int, frozenset[str]]],
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
    weight = pl.when("is_vetoed").then(MISSING_WEIGHT).otherwise(pl.col("match_weight")).alias("match_weight")
    usable = pair.with_columns(weight).filter(pl.col("match_weight") >= MISSING_WEIGHT)
    strong = usable.filter(pl.col("match_weight") >= merge_weight)
    component = connected(n_sure, strong["cluster_a"].to_numpy(), strong["cluster_b"].to_numpy())
    a, b = usable["cluster_a"].to_numpy(), usable["cluster_b"].to_numpy()
    inside = usable.filter(pl.Series(component[a] == component[b], dtype=pl.Boolean))
    merge = GuardedMerge(n_sure, guards, apart)
    refused = 0
    by_component: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
    for a_, b_, w in inside.select("cluster_a", "cluster_b", "match_weight").iter_rows():
        by_component[int(component[a_])].append((a_, b_, w))
    for edges in by_component.values():
        refused += _average_linkage(edges, merge, merge_weight)
    label = np.array([merge.find(node) for node in range(n_sure)], dtype=np.int64)
    dense = np.unique(label, return_inverse=True)[1].astype(np.int64)
    left = pair.filter(
        pl.Series(dense[pair["cluster_a"].to_numpy()] != dense[pair["cluster_b"].to_numpy()], dtype=pl.Boolean)
        & (pl.col("match_weight") >= DOUBTFUL_WEIGHT)
    )
    return Clusters(dense, left.select("cluster_a", "cluster_b"), refused)


def _average_linkage(edges: list[tuple[int, int, float]], merge: GuardedMerge, threshold: float) -> int:
    """Greedy average linkage inside one component; returns how many merges a guard refused."""
    total: dict[int, dict[int, tuple[float, int]]] = defaultdict(dict)
    size: dict[int, int] = {}
    for a, b, w in edges:
        total[a][b] = total[b][a] = (w, 1)
        size[a] = size[b] = 1

    def average(x: int, y: int) -> float:
        weight, scored = total[x][y]
        pairs = size[x] * size[y]
        return (weight + MISSING_WEIGHT * (pairs - scored)) / pairs

    heap = [(-w, min(a, b), max(a, b)) for a, b, w in edges if w >= threshold]
    heapq.heapify(heap)
    refused = 0
    while heap:
        negative, a, b = heapq.heappop(heap)
        if a not in size or b not in size or b not in total[a] or average(a, b) != -negative:
            continue
        if not merge.merge(a, b):
            refused += 1
            del total[a][b], total[b][a]
            continue
        keep, gone = merge.find(a), b if merge.find(a) == a else a
        for other, (w, n) in total.pop(gone).items():
            total[other].pop(gone)
            if other != keep:
                w0, n0 = total[keep].get(other, (0.0, 0))
                total[keep][other] = total[other][keep] = (w0 + w, n0 + n)
        size[keep] += size.pop(gone)
        for other in total[keep]:
            if (value := average(keep, other)) >= threshold:
                heapq.heappush(heap, (-value, min(keep, other), max(keep, other)))
    return refused
