"""The table of edges: every reason why two parties are one person, with its words and what hangs on it.

Belongs here: how the edges of the layers become one table. What makes an edge is the layers' matter.
"""

import numpy as np
import polars as pl

from identity.parties import Parties
from identity.scoring.scheme import Scheme
from identity.showing.bridges import bridges
from identity.showing.words import edge_words, rarity

EDGE_COLUMNS = (
    "record_a", "role_a", "record_b", "role_b", "kind", "rule", "match_weight", "match_probability", "evidence",
    "one_id", "words", "words_zh", "is_bridge", "n_cut_off",
)  # fmt: skip
# What people are to judge; it holds nobody together.
DOUBTFUL = "doubtful"
# log2 odds: below p = 0.996 an edge that alone holds two parts together is worth a look.
WEAK_BRIDGE_WEIGHT = 8.0


def edge_table(parties: Parties, of_party: pl.DataFrame, edge: pl.DataFrame, scheme: Scheme) -> pl.DataFrame:
    """The edges as they are published: `EDGE_COLUMNS`.

    `is_bridge` marks an edge whose loss would split its person, `n_cut_off` the parties of the smaller part.

    Args:
        parties: the parties of this run.
        of_party: party, one_id.
        edge: party_a, party_b, kind, rule, match_weight, match_probability, evidence.
        scheme: what the scored edges were compared on.
    """
    party = parties.party.select("party", "record_id", "role", "surname").join(of_party, on="party").sort("party")
    rare = rarity(party["surname"], party["one_id"])
    ends = party.with_columns(rare.alias("rarity"))
    placed = (
        edge.join(_end(ends, "a"), on="party_a")
        .join(_end(ends, "b"), on="party_b")
        .with_columns(
            pl.coalesce("rarity_a", "rarity_b").alias("rarity"),
            # A doubtful edge has two people at its ends, so no one person's id.
            pl.when(pl.col("one_id_a") == pl.col("one_id_b")).then("one_id_a").alias("one_id"),
        )
    )
    return (
        _with_bridges(edge_words(placed, scheme), len(party))
        .select(EDGE_COLUMNS)
        .sort("kind", "record_a", "role_a", "record_b", "role_b", "rule")
    )


def _end(ends: pl.DataFrame, side: str) -> pl.DataFrame:
    names = {"party": f"party_{side}", "record_id": f"record_{side}", "role": f"role_{side}"}
    return ends.select(*names, "one_id", "rarity").rename(
        names | {"one_id": f"one_id_{side}", "rarity": f"rarity_{side}"}
    )


def _with_bridges(edge: pl.DataFrame, n_parties: int) -> pl.DataFrame:
    holds = edge.select(holds_together().alias("holds"))["holds"].to_numpy()
    is_bridge, n_cut_off = np.zeros(len(edge), dtype=np.bool_), np.zeros(len(edge), dtype=np.int64)
    held = edge.filter(pl.Series(holds))
    is_bridge[holds], n_cut_off[holds] = bridges(n_parties, held["party_a"].to_numpy(), held["party_b"].to_numpy())
    return edge.with_columns(pl.Series("is_bridge", is_bridge), pl.Series("n_cut_off", n_cut_off))


def holds_together() -> pl.Expr:
    """Whether an edge speaks for one person: it was acted on, and it does not weigh against."""
    return (pl.col("kind") != DOUBTFUL) & (pl.col("match_weight").fill_null(1.0) > 0)


def is_weak_bridge(is_bridge: bool, match_weight: float | None) -> bool:
    """Whether two parts of a person hang together by nothing but this one edge, and that is no strong one."""
    return is_bridge and match_weight is not None and match_weight < WEAK_BRIDGE_WEIGHT
