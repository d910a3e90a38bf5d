"""Linking by score: rounds of scoring and clustering, each on what the last one put together.

The surest pairs are joined first; then the joined say more of themselves, and are scored again. One pass alone would
weigh a person's third address against a stranger's first, because nobody had yet seen that the second belongs to both.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from identity.graph import Keys, by_first_node
from identity.parties import Parties
from identity.registry import IdentifierType
from identity.rules.sure import single_values
from identity.scoring.candidates import candidates
from identity.scoring.cluster import Clusters
from identity.scoring.engine import DuckEngine, Engine
from identity.scoring.frozen import Frozen, take
from identity.scoring.model import Model
from identity.scoring.retail import RETAIL
from identity.scoring.rivals import without_rivals
from identity.scoring.score import Scores


@dataclass(frozen=True)
class Linked:
    """The outcome of the rounds.

    Attributes:
        label: per party, its cluster, dense from 0 in party order.
        edge: party_a, party_b, kind (scored | doubtful), rule, match_weight, match_probability, evidence.
        n_candidates: rows scored in the first round.
        n_pairs: pairs scored in all rounds.
        n_merged: sure clusters that were joined to others.
        n_doubtful: pairs left for review.
        n_refused: merges that a never-merge key refused.
        pairs_by_rule: pairs that each blocking rule added in the first round.
    """

    label: Keys
    edge: pl.DataFrame
    n_candidates: int
    n_pairs: int
    n_merged: int
    n_doubtful: int
    n_refused: int
    pairs_by_rule: dict[str, int] = field(default_factory=dict)


def link_by_score(
    parties: Parties,
    sure: Keys,
    rows: pl.DataFrame,
    model: Model,
    registry: dict[str, IdentifierType],
    *,
    apart: Sequence[tuple[int, int]] = (),
    engine: Engine | None = None,
    frozen: Frozen | None = None,
) -> Linked:
    """Scores and clusters, round by round.

    Args:
        sure: per party, its sure cluster.
        rows: the candidates of the sure clusters.
        model: the trained model.
        apart: pairs of parties that a steward says are two people.
        engine: what scores and clusters; this machine if not told.
        frozen: the prior and the frequencies of names that the model is used with; taken from the rows if not told.
    """
    engine = engine or DuckEngine()
    frozen = frozen or take(rows)
    model = replace(model, prior=frozen.prior)
    guards_of = single_values(parties, registry)
    label, edges, n_pairs, n_refused = sure, [], 0, 0
    n_first = len(rows)
    by_rule: dict[str, int] = {}
    for number, weight in enumerate(RETAIL.round_weights):
        is_last = number == len(RETAIL.round_weights) - 1
        if number:
            rows = candidates(parties, label)
        scores = engine.score(frozen.weighed(rows), model, RETAIL)
        scores = replace(scores, pair=without_rivals(scores.pair, rows))
        guards = guards_of_clusters(guards_of, label)
        strangers = clusters_apart(apart, label)
        clusters = engine.cluster(count(label), scores.pair, guards, merge_weight=weight, apart=strangers)
        edges.append(_edges(scores, clusters, label, with_doubtful=is_last))
        by_rule = by_rule or scores.pairs_by_rule
        n_pairs += len(scores.pair)
        n_refused += clusters.n_refused
        label = by_first_node(clusters.label[label])
    return Linked(
        label=label,
        edge=pl.concat(edges),
        n_candidates=n_first,
        n_pairs=n_pairs,
        n_merged=count(sure) - count(label),
        n_doubtful=len(clusters.doubtful),
        n_refused=n_refused,
        pairs_by_rule=by_rule,
    )


def count(label: Keys) -> int:
    """How many clusters a dense labelling has."""
    return int(label.max()) + 1 if len(label) else 0


def clusters_apart(apart: Sequence[tuple[int, int]], label: Keys) -> list[tuple[int, int]]:
    """The pairs of clusters that hold pairs of parties that are two people, but for those that are one already."""
    return sorted({(int(label[a]), int(label[b])) for a, b in apart if label[a] != label[b]})


def guards_of_clusters(guards_of: list[dict[int, frozenset[str]]], label: Keys) -> list[dict[int, frozenset[str]]]:
    """The single-valued identifiers of each cluster."""
    guards = []
    for of_party in guards_of:
        of_cluster: dict[int, frozenset[str]] = {}
        for party, values in of_party.items():
            key = int(label[party])
            of_cluster[key] = of_cluster.get(key, frozenset()) | values
        guards.append(of_cluster)
    return guards


def _edges(scores: Scores, clusters: Clusters, label: Keys, *, with_doubtful: bool) -> pl.DataFrame:
    """Pairs as edges between the first parties of their clusters: those acted on and, at the end, the doubtful."""
    first = (
        pl.DataFrame({"cluster": label})
        .with_row_index("party")
        .unique("cluster", keep="first", maintain_order=True)
        .with_columns(pl.col("party").cast(pl.Int32))
    )
    pair, merged = scores.pair, clusters.label
    same = merged[pair["cluster_a"].to_numpy()] == merged[pair["cluster_b"].to_numpy()]
    kinds = [pair.filter(pl.Series(np.asarray(same), dtype=pl.Boolean)).with_columns(pl.lit("scored").alias("kind"))]
    if with_doubtful:
        doubtful = pair.join(clusters.doubtful, on=["cluster_a", "cluster_b"])
        kinds.append(doubtful.with_columns(pl.lit("doubtful").alias("kind")))
    return (
        pl.concat(kinds)
        .join(first.rename({"party": "party_a", "cluster": "cluster_a"}), on="cluster_a")
        .join(first.rename({"party": "party_b", "cluster": "cluster_b"}), on="cluster_b")
        .select(
            "party_a",
            "party_b",
            "kind",
            pl.lit("splink").alias("rule"),
            "match_weight",
            "match_probability",
            "evidence",
        )
    )
