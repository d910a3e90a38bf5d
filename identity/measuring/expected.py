"""What the scores themselves expect: links that are wrong, pairs left apart that are one person.

Belongs here: sums of probabilities with their intervals. They are as right as the model is calibrated; what was
never compared is not in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import minimum_spanning_tree

from identity.parties import PARTY
from identity.showing.edges import DOUBTFUL, holds_together

Chances = NDArray[np.float64]

# Two-sided 95 % of a normal distribution.
_Z = 1.96


@dataclass(frozen=True)
class Expected:
    """An expected count with its 95 % interval, and what it is a share of."""

    value: float
    low: float
    high: float
    n: int

    def rate(self, n: float) -> "Expected":
        """The same as a share of n."""
        value, low, high = (x / n if n else 0.0 for x in (self.value, self.low, self.high))
        return Expected(value, low, high, int(n))


def false_links(edge: pl.DataFrame) -> Expected:
    """How many of the links that were laid by score or company are expected to be wrong.

    Of each person's edges those count that a maximum spanning tree needs besides the sure ones: n parts that were
    put together took n - 1 decisions, however many pairs were compared.

    Args:
        edge: the published edges.
    """
    decided = _decisive(edge)
    return _poisson_binomial(1 - decided)


def misses(edge: pl.DataFrame, record_map: pl.DataFrame, vetoes: Sequence[str]) -> Expected:
    """How many of the doubtful pairs of people are expected to be one person, each pair by its best edge.

    Args:
        edge: the published edges.
        record_map: record_id, role, one_id.
        vetoes: comparisons whose disagreement settles a pair whatever its score: two names at one phone are a family.
    """
    is_settled = pl.any_horizontal(
        pl.lit(False), *(pl.col("evidence").str.json_path_match(f"$.{name}.level") == "0" for name in vetoes)
    )
    person = record_map.select(*PARTY, "one_id")
    pairs = (
        edge.filter((pl.col("kind") == DOUBTFUL) & ~is_settled.fill_null(False))
        .select("record_a", "role_a", "record_b", "role_b", "match_probability")
        .join(person.rename({"record_id": "record_a", "role": "role_a", "one_id": "x"}), on=["record_a", "role_a"])
        .join(person.rename({"record_id": "record_b", "role": "role_b", "one_id": "y"}), on=["record_b", "role_b"])
        .filter(pl.col("x") != pl.col("y"))
        .group_by(pl.min_horizontal("x", "y").alias("x"), pl.max_horizontal("x", "y").alias("y"))
        .agg(pl.col("match_probability").max())
    )
    return _poisson_binomial(pairs["match_probability"].to_numpy())


def _decisive(edge: pl.DataFrame) -> Chances:
    """The probabilities of the weighed edges on each person's maximum spanning tree."""
    weighed = pl.col("match_weight").is_not_null() & holds_together()
    people = edge.filter(weighed)["one_id"].unique()
    inside = edge.filter(holds_together() & pl.col("one_id").is_in(people.implode()))
    ends = [pl.concat_str(f"record_{side}", pl.lit(" "), f"role_{side}").alias(side) for side in "ab"]
    named = inside.select(*ends, "match_weight", "match_probability")
    nodes = pl.concat([named["a"], named["b"].alias("a")]).unique().sort()
    number = pl.DataFrame({"node": nodes}).with_row_index("n")
    keyed = named.join(number.rename({"node": "a", "n": "na"}), on="a").join(
        number.rename({"node": "b", "n": "nb"}), on="b"
    )
    # The dearest edge is taken last: sure ones cost next to nothing, the others more the weaker they are.
    cost = pl.when(pl.col("match_weight").is_null()).then(1e-6).otherwise(1000.0 - pl.col("match_weight").clip(0, 900))
    best = (
        keyed.with_columns(cost.alias("cost"))
        .with_columns(pl.min_horizontal("na", "nb").alias("low"), pl.max_horizontal("na", "nb").alias("high"))
        .filter(pl.col("low") != pl.col("high"))
        .sort("low", "high", "cost")
        .unique(["low", "high"], keep="first", maintain_order=True)
    )
    if best.is_empty():
        return np.array([])
    shape = (len(nodes), len(nodes))
    graph = csr_matrix((best["cost"].to_numpy(), (best["low"].to_numpy(), best["high"].to_numpy())), shape=shape)
    tree = minimum_spanning_tree(graph).tocoo()
    kept = pl.DataFrame({"low": tree.row.astype(np.uint32), "high": tree.col.astype(np.uint32)})
    chosen = best.join(kept, on=["low", "high"]).filter(pl.col("match_weight").is_not_null())
    return chosen["match_probability"].to_numpy()


def _poisson_binomial(chances: Chances) -> Expected:
    """Mean of a sum of independent chances, with the normal interval of its spread, never below nought."""
    mean = float(chances.sum())
    spread = _Z * float(np.sqrt((chances * (1 - chances)).sum()))
    return Expected(mean, max(mean - spread, 0.0), mean + spread, len(chances))
