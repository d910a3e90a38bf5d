"""Rounds of scoring and clustering on a table of people: after each, the joined speak for themselves as one.

Belongs here: what is scored again and how the rounds follow each other. Guards are `graph`'s, sums are `linkage`'s.
"""

from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from identity.graph import Keys, by_first_node
from identity.people.features import gather
from identity.people.sure import Guards
from identity.scoring.linkage import average_linkage
from identity.scoring.scheme import Scheme
from identity.scoring.score import compare_pairs

# Weaker pairs are not kept, and count as missing.
LEAST_WEIGHT: Final = -6.0
# What a pair that no blocking rule found adds to an average.
MISSING_WEIGHT: Final = -2.0


@dataclass(frozen=True)
class Pairs:
    """Scored pairs of nodes: left < right, weight in log2 odds."""

    left: Keys
    right: Keys
    weight: NDArray[np.float64]


def run_rounds(
    con: duckdb.DuckDBPyConnection,
    scheme: Scheme,
    settings: dict[str, Any],
    label: Keys,
    guards: Guards,
) -> Keys:
    """The cluster of each candidate after all rounds, named by its first candidate's number among the clusters.

    Args:
        con: holds `candidate` and `blocked_pairs`.
        settings: trained.
        label: the clusters that are sure before anything is scored, dense from 0.
        guards: what can never be one person.
    """
    pairs: Pairs | None = None
    for merge_weight in scheme.round_weights:
        n = int(label.max()) + 1
        if n == len(label):
            pairs = _scored(con, "candidate", "blocked_pairs", settings)
        else:
            pairs = _scored_again(con, scheme, settings, label, pairs)
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
        step = by_first_node(joined)
        label = by_first_node(step[label])
        pairs = _between(pairs, step)
    return label


def _scored(con: duckdb.DuckDBPyConnection, table: str, pairs: str, settings: dict[str, Any]) -> Pairs:
    made = compare_pairs(con, table, pairs, settings, least_weight=LEAST_WEIGHT)
    found = con.sql(f"select unique_id_l as l, unique_id_r as r, match_weight as w from {made}").fetchnumpy()
    con.execute(f"drop table {made}")
    return Pairs(found["l"].astype(np.int64), found["r"].astype(np.int64), np.round(found["w"].astype(float), 6))


def _between(pairs: Pairs, step: Keys) -> Pairs:
    """The pairs between different clusters, by cluster, the strongest of several."""
    left, right = step[pairs.left], step[pairs.right]
    apart = left != right
    a, b = np.minimum(left, right)[apart], np.maximum(left, right)[apart]
    weight = pairs.weight[apart]
    order = np.lexsort((-weight, b, a))
    a, b, weight = a[order], b[order], weight[order]
    first = np.ones(len(a), dtype=bool)
    first[1:] = (a[1:] != a[:-1]) | (b[1:] != b[:-1])
    return Pairs(a[first], b[first], weight[first])


def _scored_again(
    con: duckdb.DuckDBPyConnection, scheme: Scheme, settings: dict[str, Any], label: Keys, pairs: Pairs | None
) -> Pairs:
    """Pairs of clusters: those with a cluster of several are scored anew, on what all its members say."""
    if pairs is None:
        found = con.sql("select join_key_l as l, join_key_r as r from blocked_pairs").fetchnumpy()
        told = Pairs(found["l"].astype(np.int64), found["r"].astype(np.int64), np.zeros(len(found["l"])))
        pairs = _between(told, label)
    several = np.bincount(label) > 1
    again = several[pairs.left] | several[pairs.right]
    # Most clusters have no neighbours left; only those that have are gathered.
    needed = np.zeros(len(several), dtype=bool)
    needed[pairs.left[again]] = needed[pairs.right[again]] = True
    members = np.flatnonzero(needed[label])
    _register(con, "labelled", {"unique_id": members, "cluster": label[members]})
    gather(con, scheme.columns, "gathered")
    _register(con, "pairs_again", {"join_key_l": pairs.left[again], "join_key_r": pairs.right[again]})
    con.execute("create or replace table pairs_again_keyed as select '0' as match_key, * from pairs_again")
    new = _scored(con, "gathered", "pairs_again_keyed", settings)
    con.execute("drop table gathered")
    return Pairs(
        np.concatenate([pairs.left[~again], new.left]),
        np.concatenate([pairs.right[~again], new.right]),
        np.concatenate([pairs.weight[~again], new.weight]),
    )


def _register(con: duckdb.DuckDBPyConnection, table: str, columns: dict[str, NDArray[Any]]) -> None:
    con.register("arrow_rows", pl.DataFrame(columns).to_arrow())
    con.execute(f"create or replace table {table} as select * from arrow_rows")
    con.unregister("arrow_rows")
