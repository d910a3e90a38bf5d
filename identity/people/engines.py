"""Engines of a table of people: what blocks, compares and clusters, this machine or a Spark cluster.

Belongs here: the choice, and the shape of the work. Both engines take the same candidates, scheme, settings and guards
and give the same pairs, weights and clusters; preparing and learning are this machine's either way.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import duckdb
import numpy as np
from numpy.typing import NDArray

from common.errors import UsageError
from identity.graph import Keys
from identity.people.features import Candidates
from identity.people.levels import Levels, levels_of
from identity.people.pairs import Pairs, block
from identity.people.sure import Guards
from identity.scoring.estimate import match_weights, sample_of_blocked
from identity.scoring.linkage import average_linkage
from identity.scoring.scheme import Scheme

ENGINES: Final = ("duckdb", "spark")
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


class Engine(Protocol):
    """The scored stage of one table."""

    def block(self) -> dict[str, int]:
        """Finds the pairs worth comparing; how many each rule added."""

    def compare(self) -> None:
        """Compares them, where the engine does that before there are weights."""

    def sampled(self) -> Levels:
        """The levels of a sample of the pairs; the same sample on every engine."""

    def weigh_all(self, settings: dict[str, Any], label: Keys) -> Weighed:
        """The pairs with their weights. Such as are too weak may be left out, but for those of joined candidates.

        Args:
            settings: trained.
            label: the clusters that are sure before.
        """

    def weigh(self, candidates: Candidates, settings: dict[str, Any], pairs: Weighed) -> NDArray[np.float64]:
        """The weights of given pairs of other candidates, compared anew."""

    def link(self, n: int, pairs: Weighed, merge_weight: float, guards: Guards, label: Keys) -> Keys:
        """The group of each of `n` clusters by average linkage, named by its first.

        Args:
            n: clusters are 0 … n - 1.
            pairs: between them.
            merge_weight: least average.
            guards: of the table.
            label: the cluster of each description.
        """

    def within(self, label: Keys) -> tuple[Pairs, Levels]:
        """The pairs that ended in one cluster, with their levels."""


class ThisMachine:
    """DuckDB for the pairs, NumPy and SciPy for the graph."""

    def __init__(self, con: duckdb.DuckDBPyConnection, candidates: Candidates, scheme: Scheme) -> None:
        self._con, self._candidates, self._scheme = con, candidates, scheme
        nobody = np.empty(0, dtype=np.int32)
        self._pairs = Pairs(nobody, nobody, np.empty(0, dtype=np.uint8))
        self._levels: Levels | None = None

    def block(self) -> dict[str, int]:
        """As `Engine.block`."""
        self._pairs, by_rule = block(self._con, self._candidates, self._scheme.blocking)
        return by_rule

    def compare(self) -> None:
        """As `Engine.compare`."""
        self._levels = self._levels_of(self._candidates, self._pairs.left, self._pairs.right)

    def _levels_of(self, candidates: Candidates, left: NDArray[Any], right: NDArray[Any]) -> Levels:
        return levels_of(self._con, candidates, self._scheme.comparisons, left, right)

    def _compared(self) -> Levels:
        if self._levels is None:
            raise RuntimeError("compare() comes first")
        return self._levels

    def sampled(self) -> Levels:
        """As `Engine.sampled`."""
        return self._compared()[sample_of_blocked(self._pairs.left, self._pairs.right)]

    def weigh_all(self, settings: dict[str, Any], label: Keys) -> Weighed:
        """As `Engine.weigh_all`."""
        return Weighed(self._pairs.left, self._pairs.right, rounded_weights(settings, self._compared()))

    def weigh(self, candidates: Candidates, settings: dict[str, Any], pairs: Weighed) -> NDArray[np.float64]:
        """As `Engine.weigh`."""
        return rounded_weights(settings, self._levels_of(candidates, pairs.left, pairs.right))

    def link(self, n: int, pairs: Weighed, merge_weight: float, guards: Guards, label: Keys) -> Keys:
        """As `Engine.link`."""
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
        return joined

    def within(self, label: Keys) -> tuple[Pairs, Levels]:
        """As `Engine.within`."""
        kept = label[self._pairs.left] == label[self._pairs.right]
        pairs = Pairs(self._pairs.left[kept], self._pairs.right[kept], self._pairs.rule[kept])
        return pairs, self._compared()[kept]


def rounded_weights(settings: dict[str, Any], levels: Levels) -> NDArray[np.float64]:
    """The weights of pairs, rounded so that no machine's last bits decide."""
    return np.round(match_weights(settings, levels), 6)


Open = Callable[[duckdb.DuckDBPyConnection, Candidates, Scheme], Engine]


def engine_named(name: str, spark: Mapping[str, str], folder: Path) -> Open:
    """How to open an engine; one that needs something this machine has not says so at once.

    Args:
        name: duckdb or spark.
        spark: `master`, and any setting of Spark's own.
        folder: for Spark's tables; all workers must see it.

    Raises:
        UsageError: there is no such engine, or Spark cannot be started.
    """
    if name == "duckdb":
        return ThisMachine
    if name != "spark":
        raise UsageError(f"There is no engine {name!r}; use duckdb (this machine) or spark (a cluster).")
    from identity.people.on_spark import opener

    return opener(dict(spark), folder)


@contextmanager
def tables_folder(spark: Mapping[str, str]) -> Iterator[Path]:
    """A folder for an engine's tables, in `spark`'s folder where it names one; it goes in the end.

    Raises:
        UsageError: that folder is not there.
    """
    place = spark.get("folder")
    if place and not Path(place).is_dir():
        raise UsageError(f"There is no folder {place} for Spark's tables; make one that all its workers see.")
    if not place and not (spark.get("master") or "local").startswith("local"):
        raise UsageError("Say a folder that all of Spark's workers see, for its tables: --spark folder=/shared/tmp.")
    with tempfile.TemporaryDirectory(prefix="guiyi-resolve-", dir=place) as folder:
        yield Path(folder)
