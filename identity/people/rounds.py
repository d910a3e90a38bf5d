"""Rounds of scoring and clustering on a table of people: after each, the joined speak for themselves as one.

Belongs here: what is scored again and how the rounds follow each other. Guards are `graph`'s, sums are `linkage`'s.
"""

from typing import Any

import duckdb
import numpy as np

from identity.graph import Keys
from identity.people.engines import LEAST_WEIGHT, Engine, Weighed
from identity.people.features import Candidates
from identity.people.gather import gather
from identity.people.sure import Guards
from identity.scoring.scheme import Scheme


def run_rounds(
    con: duckdb.DuckDBPyConnection,
    engine: Engine,
    candidates: Candidates,
    scheme: Scheme,
    settings: dict[str, Any],
    pairs: Weighed,
    label: Keys,
    guards: Guards,
) -> Keys:
    """The cluster of each candidate after all rounds, named by its first candidate's number among the clusters.

    Args:
        con: to gather in.
        engine: what weighs and links.
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
            pairs = _scored_again(con, engine, candidates, settings, label, pairs)
        pairs = pairs.where(pairs.weight >= LEAST_WEIGHT)
        joined = engine.link(n, pairs, merge_weight, guards, label)
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
    engine: Engine,
    candidates: Candidates,
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
    weight[again] = engine.weigh(gathered, settings, Weighed(left, right, weight[again]))
    return Weighed(pairs.left, pairs.right, weight)
