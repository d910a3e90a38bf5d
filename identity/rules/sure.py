"""Sure edges: equal strong identifiers within scope and lifetime, in rule order, unless a guard refuses.

Belongs here: the clusters that rules alone make, and the edges that show them. Likeness is `score`'s matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from identity.graph import Keys, connected
from identity.parties import Parties
from identity.registry import IdentifierType
from identity.rules.judge import VALUE, Judgement
from identity.rules.limits import LimitedMerge, cut_limits, values_by_party

# The rule of an edge that a person has drawn.
STEWARD = "steward"
# Identical descriptions come after every identifier.
IDENTICAL_PRIORITY = 8
# A shorter address names a street or a village, not a door.
LEAST_ADDRESS = 6


@dataclass(frozen=True)
class SureClusters:
    """The outcome of the sure rules.

    Attributes:
        label: per party (position = party key), its sure cluster, dense from 0 in party order.
        edge: party_a, party_b, rule (the identifier type), priority; one row per party beyond the first of a holder.
        n_refused: links that a never-merge key or a limit refused.
    """

    label: Keys
    edge: pl.DataFrame
    n_refused: int


def sure_clusters(
    parties: Parties,
    judgement: Judgement,
    registry: dict[str, IdentifierType],
    *,
    same: Sequence[tuple[int, int]] = (),
    apart: Sequence[tuple[int, int]] = (),
) -> SureClusters:
    """Joins the parties that hold the same identifier, strongest type first.

    Args:
        same: pairs of parties that a steward says are one person; no guard holds against them.
        apart: pairs that a steward says are two; nothing here joins them.
    """
    n = len(parties.party)
    edge = pl.concat([_said(same), _edges(parties, judgement, registry)]).unique(
        ["party_a", "party_b"], keep="first", maintain_order=True
    )
    label = connected(n, edge["party_a"].to_numpy(), edge["party_b"].to_numpy())
    guards = single_values(parties, registry)
    limits, crowded = cut_limits(judgement, registry, label)
    contradicted = [int(label[a]) for a, b in apart if label[a] == label[b]]
    broken = np.unique(np.concatenate([_broken(label, guards), crowded, contradicted])).astype(np.int64)
    if not broken.size:
        return SureClusters(label, edge, 0)
    inside = edge.filter(pl.Series(np.isin(label[edge["party_a"].to_numpy()], broken)))
    merge = LimitedMerge(n, guards, apart, limits)
    kept: list[int] = []
    refused: list[int] = []
    for row, (a, b, rule) in enumerate(inside.select("party_a", "party_b", "rule").iter_rows()):
        if rule == STEWARD:
            merge.join(a, b)
        (kept if merge.merge(a, b) else refused).append(row)
    edge = pl.concat([edge.filter(pl.Series(~np.isin(label[edge["party_a"].to_numpy()], broken))), inside[kept]]).sort(
        "priority", "party_a", "party_b"
    )
    return SureClusters(connected(n, edge["party_a"].to_numpy(), edge["party_b"].to_numpy()), edge, len(refused))


def _said(same: Sequence[tuple[int, int]]) -> pl.DataFrame:
    """What a steward has joined, before every identifier."""
    return pl.DataFrame(
        [(a, b, STEWARD, 0) for a, b in sorted(set(same))],
        schema={"party_a": pl.Int32, "party_b": pl.Int32, "rule": pl.String, "priority": pl.Int64},
        orient="row",
    )


def _edges(parties: Parties, judgement: Judgement, registry: dict[str, IdentifierType]) -> pl.DataFrame:
    """Each holder's parties tied to its first party: a star, so that n parties take n - 1 edges."""
    priority = pl.DataFrame(
        [{"id_type": t.name, "priority": t.priority} for t in registry.values()],
        schema={"id_type": pl.String, "priority": pl.Int64},
    )
    held = (
        judgement.holding.with_columns(pl.col("party").min().over(*VALUE, "holder").alias("party_a"))
        .filter(pl.col("party") != pl.col("party_a"))
        .join(priority, on="id_type")
        .select("party_a", pl.col("party").alias("party_b"), pl.col("id_type").alias("rule"), "priority")
    )
    return (
        pl.concat([held, _identical_descriptions(parties)])
        .sort("priority", "party_a", "party_b")
        .unique(["party_a", "party_b"], keep="first", maintain_order=True)
    )


def _identical_descriptions(parties: Parties) -> pl.DataFrame:
    """Parties with one and the same full name, address and masked phone, collapsed before anything is scored.

    A marketplace prints the same masked receiver on every order: without this each order would be a candidate.
    """
    masked = (
        parties.identifier.filter(pl.col("id_type") == "phone_masked")
        .group_by("party")
        .agg(pl.col("id_value").min().alias("masked_phone"))
    )
    same = ["name", "city_code", "district_code", "address", "masked_phone"]
    return (
        parties.party.filter((pl.col("quality") == "full") & (pl.col("address").str.len_chars() >= LEAST_ADDRESS))
        .join(masked, on="party")
        .with_columns(pl.col("party").min().over(same).alias("party_a"))
        .filter(pl.col("party") != pl.col("party_a"))
        .select(
            "party_a",
            pl.col("party").alias("party_b"),
            pl.lit("identical_description").alias("rule"),
            pl.lit(IDENTICAL_PRIORITY, pl.Int64).alias("priority"),
        )
    )


def single_values(parties: Parties, registry: dict[str, IdentifierType]) -> list[dict[int, frozenset[str]]]:
    """Per type, or type and scope, that a person has one of: the values of each party that carries any."""
    guards = []
    for kind in registry.values():
        carried = parties.identifier.filter(
            (pl.col("id_type") == kind.name) & pl.col("strength").is_in(["exact", "scoped"])
        )
        if kind.single:
            guards.append(values_by_party(carried))
        elif kind.single_per_scope:
            in_scope = carried.partition_by("id_scope", as_dict=True)
            guards += [values_by_party(in_scope[s]) for s in sorted(in_scope) if kind.is_single_in(str(s[0]))]
    return guards


def _broken(label: Keys, guards: list[dict[int, frozenset[str]]]) -> Keys:
    """The clusters in which a person would have two values of something that people have one of."""
    broken = set()
    for guard in guards:
        seen: dict[int, frozenset[str]] = {}
        for party, values in guard.items():
            cluster = int(label[party])
            if seen.setdefault(cluster, values).isdisjoint(values):
                broken.add(cluster)
    return np.array(sorted(broken), dtype=np.int64)
