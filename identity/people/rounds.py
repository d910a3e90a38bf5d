"""Rounds of scoring and clustering on a table of people: after each, the joined speak for themselves as one.

Belongs here: what is scored again and how the rounds follow each other. Guards are `graph`'s, sums are `linkage`'s.
"""

from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from identity.graph import Keys
from identity.people.features import Candidates
from identity.people.gather import gather
from identity.people.levels import levels_of
from identity.people.sure import Guards
from identity.scoring.estimate import match_weights
from identity.scoring.linkage import average_linkage
from identity.scoring.scheme import Scheme

# Weaker pairs are not kept, and count as missing.
LEAST_WEIGHT: Final = -6.0
# What a pair that no blocking rule found adds to an average.
MISSING_WEIGHT: Final = -2.0


@dataclass(frozen=True)
class Weighed:
    """Scored pairs of nodes: left < right, weight in log2 odds."""

    left: NDArray[np.integer[Any]]
    right: NDArray[np.integer[Any]]
    weight: NDArray[np.float64]

    def where(self, kept: NDArray[np.bool_]) -> "Weighed":
        """Some of them."""
        return self if kept.all() else Weighed(self.left[kept], self.right[kept], self.weight[kept])


def run_rounds(
    con: duckdb.DuckDBPyConnection,
    candidates: Candidates,
    scheme: Scheme,
    settings: dict[str, Any],
    pairs: Weighed,
    label: Keys,
    guards: Guards,
) -> Keys:
    """The cluster of each candidate after all rounds, named by its first candidate's number among the clusters.

    Args:
        con: to work in.
        candidates: what is clustered.
        scheme: how they are compared.
        settings: trained.
        pairs: all that blocking found, weighed.
        label: the clusters that are sure before anything is scored, dense from 0.
        guards: what can never be one person.
    """
    pairs = _between(pairs, label)
    for merge_weight in scheme.round_weights:
        n = int(label.max()) + 1
        if n < len(label):
            pairs = _scored_again(con, candidates, scheme, settings, label, pairs)
        pairs = pairs.where(pairs.weight >= LEAST_WEIGHT)
        merge = guards.merge(label)
        joined, _ = average_linkage(
            n,
            pairs.left,
            pairs.right,
            pairs.weight,
            merge_weight=merge_weight,
            missing=MISSING_WEIGHT,
            guarded=None if merge is None else np.ones(n, dtype=bool),
            merge=merge,
        )
        # Each group is named by its first node.
        step = (np.cumsum(joined == np.arange(n)) - 1)[joined]
        label = step[label]
        pairs = _between(pairs, step)
    return label


def _between(pairs: Weighed, step: Keys) -> Weighed:
    """The pairs between different clusters, by cluster, the strongest of several."""
    n = int(step.max(initial=0)) + 1
    if n == len(step):
        return pairs
    left, right = step[pairs.left], step[pairs.right]
    apart = left != right
    a, b = np.minimum(left, right)[apart], np.maximum(left, right)[apart]
    packed = a * np.int64(n) + b
    order = np.argsort(packed)
    packed = packed[order]
    starts = np.flatnonzero(np.append(True, packed[1:] != packed[:-1])[: len(packed)])
    if not len(starts):
        return Weighed(a, b, np.empty(0))
    weight = np.maximum.reduceat(pairs.weight[apart][order], starts)
    return Weighed(packed[starts] // n, packed[starts] % n, weight)


def _scored_again(
    con: duckdb.DuckDBPyConnection,
    candidates: Candidates,
    scheme: Scheme,
    settings: dict[str, Any],
    label: Keys,
    pairs: Weighed,
) -> Weighed:
    """Pairs of clusters: those with a cluster of several are scored anew, on what all its members say."""
    several = np.bincount(label) > 1
    again = several[pairs.left] | several[pairs.right]
    # Most clusters have no neighbours left; only those that have are gathered.
    needed = np.zeros(len(several), dtype=bool)
    needed[pairs.left[again]] = needed[pairs.right[again]] = True
    number = np.cumsum(needed) - 1
    members = np.flatnonzero(needed[label])
    gathered = gather(con, candidates, members, number[label[members]])
    left, right = number[pairs.left[again]], number[pairs.right[again]]
    weight = pairs.weight.copy()
    weight[again] = weigh(settings, levels_of(con, gathered, scheme.comparisons, left, right))
    return Weighed(pairs.left, pairs.right, weight)


def weigh(settings: dict[str, Any], levels: NDArray[np.int8]) -> NDArray[np.float64]:
    """The weights of pairs, rounded so that no machine's last bits decide."""
    return np.round(match_weights(settings, levels), 6)
