"""Limits: how many values of a type one person may have, and what happens past that.

Belongs here: counting values per person, the merge that does not go past a limit, and the list of those who are past
one. How many people one *value* may have is `judge`'s and `ties`' matter.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from identity.graph import GuardedMerge, Keys
from identity.registry import Registry
from identity.rules.judge import Judgement

_OF_PERSON = ["id_type", "id_scope"]
OVER_LIMIT_COLUMNS = ("one_id", "id_type", "id_scope", "n_values", "max_values", "past_limit")


@dataclass(frozen=True)
class Limit:
    """Up to how many values of one type and scope a person may have.

    Attributes:
        most: that many.
        values: party → the values that it holds.
    """

    most: int
    values: dict[int, frozenset[str]]


class LimitedMerge(GuardedMerge):
    """A guarded merge that also refuses what would bring a set past a limit."""

    def __init__(
        self,
        n_nodes: int,
        guards: Sequence[dict[int, frozenset[str]]],
        apart: Iterable[tuple[int, int]] = (),
        limits: Sequence[Limit] = (),
    ) -> None:
        """Starts with every node on its own.

        Args:
            n_nodes: nodes are 0 … n_nodes - 1.
            guards: per guard, the values of each node that has any.
            apart: pairs of nodes that never come together.
            limits: how many values a set may have.
        """
        super().__init__(n_nodes, guards, apart)
        self._limits = [(limit.most, {node: set(values) for node, values in limit.values.items()}) for limit in limits]

    def refuses(self, a: int, b: int) -> bool:
        """Whether a guard or a limit holds the sets of two nodes apart."""
        if super().refuses(a, b):
            return True
        a, b = self.find(a), self.find(b)
        return a != b and any(
            a in held and b in held and len(held[a] | held[b]) > max(most, len(held[a]), len(held[b]))
            for most, held in self._limits
        )

    def join(self, a: int, b: int) -> None:
        """Merges the sets of two nodes whatever guards and limits say."""
        ends = {self.find(a), self.find(b)}
        super().join(a, b)
        kept = self.find(a)
        for _, held in self._limits:
            for gone in ends - {kept}:
                if gone in held:
                    held.setdefault(kept, set()).update(held.pop(gone))


def cut_limits(judgement: Judgement, registry: Registry, label: Keys) -> tuple[list[Limit], Keys]:
    """The limits past which links are not laid, and the clusters that are past one of them.

    Args:
        label: per party, its cluster if every link were laid.

    Returns:
        Only limits that a cluster exceeds, one per type and scope; and those clusters, sorted.
    """
    held = judgement.holding.join(_most(registry, "cut"), on="id_type")
    held = held.with_columns(pl.Series("cluster", label[held["party"].to_numpy()]))
    past = (
        held.group_by("cluster", *_OF_PERSON)
        .agg(pl.col("id_value").n_unique().alias("n"), pl.col("limit").first())
        .filter(pl.col("n") > pl.col("limit"))
    )
    crowded = np.unique(past["cluster"].to_numpy()).astype(np.int64)
    inside = held.filter(pl.col("cluster").is_in(crowded.tolist()))
    limits = []
    for id_type, id_scope, most in past.select(*_OF_PERSON, "limit").unique().sort(_OF_PERSON).iter_rows():
        of_type = inside.filter((pl.col("id_type") == id_type) & (pl.col("id_scope") == id_scope))
        limits.append(Limit(most, values_by_party(of_type)))
    return limits, crowded


def values_by_party(held: pl.DataFrame) -> dict[int, frozenset[str]]:
    """The values of each party: party → all its id_value."""
    grouped = held.group_by("party", maintain_order=True).agg("id_value")
    return {party: frozenset(values) for party, values in grouped.iter_rows()}


def over_limit(judgement: Judgement, registry: Registry, of_party: pl.DataFrame) -> pl.DataFrame:
    """Everybody who has more values of a type than the registry allows: `OVER_LIMIT_COLUMNS`.

    Args:
        of_party: party, one_id.
    """
    return (
        judgement.holding.join(_most(registry), on="id_type")
        .join(of_party, on="party")
        .group_by("one_id", *_OF_PERSON)
        .agg(
            pl.col("id_value").n_unique().cast(pl.Int64).alias("n_values"),
            pl.col("limit").first().alias("max_values"),
            pl.col("past_limit").first(),
        )
        .filter(pl.col("n_values") > pl.col("max_values"))
        .select(OVER_LIMIT_COLUMNS)
        .sort("one_id", *_OF_PERSON)
    )


def _most(registry: Registry, past_limit: str | None = None) -> pl.DataFrame:
    rows = [
        (kind.name, kind.limit, kind.past_limit)
        for kind in registry.values()
        if kind.limit is not None and past_limit in (None, kind.past_limit)
    ]
    schema = {"id_type": pl.String, "limit": pl.Int64, "past_limit": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")
