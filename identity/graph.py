"""Graph work on dense integer keys: connected components, and merging that refuses what cannot be one person."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.int64]


def connected(n_nodes: int, left: Iterable[int] | Keys, right: Iterable[int] | Keys) -> Keys:
    """Connected component of each of `n_nodes` nodes, numbered by each component's first node.

    Args:
        n_nodes: nodes are 0 … n_nodes - 1.
        left: one end of each edge.
        right: the other end.
    """
    # SciPy's own index type: half the memory, and no copy.
    a, b = np.asarray(left, dtype=np.int32), np.asarray(right, dtype=np.int32)
    # Imported here: it takes a second, and whoever only shows people needs none of it.
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(a), dtype=np.int8), (a, b)), shape=(n_nodes, n_nodes))
    label = connected_components(graph, directed=False)[1]
    # SciPy numbers components as it meets them, going through the nodes in order; then nothing is left to do.
    is_ordered = len(label) == 0 or (label[0] == 0 and bool((label[1:] <= np.maximum.accumulate(label)[:-1] + 1).all()))
    return label.astype(np.int64) if is_ordered else by_first_node(label)


def by_first_node(label: NDArray[np.integer]) -> Keys:
    """The same partition with its parts numbered from 0 in the order of their first nodes."""
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return rank[inverse]


class GuardedMerge:
    """Union-find that keeps sets of values apart: two sets merge only where no guard holds against it.

    Each node may carry, per guard, the values that a person can have one of. A merge is refused where both sides
    have values of one guard and share none, or where two nodes are to be kept apart.
    """

    def __init__(
        self, n_nodes: int, guards: Sequence[dict[int, frozenset[str]]], apart: Iterable[tuple[int, int]] = ()
    ) -> None:
        """Starts with every node on its own.

        Args:
            n_nodes: nodes are 0 … n_nodes - 1.
            guards: per guard, the values of each node that has any.
            apart: pairs of nodes that never come together.
        """
        self.parent = list(range(n_nodes))
        self.values = [{node: set(values) for node, values in guard.items()} for guard in guards]
        self.strangers: dict[int, set[int]] = {}
        for a, b in apart:
            self.keep_apart(a, b)

    def find(self, node: int) -> int:
        """The node that stands for the set of `node`."""
        while self.parent[node] != node:
            self.parent[node] = self.parent[self.parent[node]]
            node = self.parent[node]
        return node

    def refuses(self, a: int, b: int) -> bool:
        """Whether a guard holds the sets of two nodes apart."""
        a, b = self.find(a), self.find(b)
        if a == b:
            return False
        if any(self.find(stranger) == b for stranger in self.strangers.get(a, ())):
            return True
        return any(a in guard and b in guard and guard[a].isdisjoint(guard[b]) for guard in self.values)

    def merge(self, a: int, b: int) -> bool:
        """Merges the sets of two nodes; false where a guard refuses."""
        if self.refuses(a, b):
            return False
        self.join(a, b)
        return True

    def keep_apart(self, a: int, b: int) -> None:
        """From now on the sets of two nodes, which are not one, never merge."""
        self.strangers.setdefault(self.find(a), set()).add(b)
        self.strangers.setdefault(self.find(b), set()).add(a)

    def join(self, a: int, b: int) -> None:
        """Merges the sets of two nodes whatever the guards say: a steward knows better than a rule."""
        a, b = sorted((self.find(a), self.find(b)))
        if a == b:
            return
        self.parent[b] = a
        for guard in self.values:
            if b in guard:
                guard.setdefault(a, set()).update(guard.pop(b))
        if b in self.strangers:
            self.strangers.setdefault(a, set()).update(self.strangers.pop(b))
