"""Average linkage inside connected components: two groups join while the average over all their pairs is good enough.

Belongs here: arithmetic on integer nodes and float weights. What may not be joined is asked of `graph.GuardedMerge`;
what the weights mean is `cluster`'s. Pairs and cliques, nearly all components, are settled as whole arrays, and so
are the other small ones, all of a size together.
"""

import heapq
from collections import defaultdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from identity.graph import GuardedMerge, Keys, connected

Weights = NDArray[np.float64]
# Above this many nodes a component's full distance matrix takes more memory (n² / 2 numbers) than its edges.
LARGEST_MATRIX = 4_000
# Up to so many nodes, components of one size are joined together, step by step.
LARGEST_TOGETHER = 8


def average_linkage(
    n_nodes: int,
    left: NDArray[np.integer[Any]],
    right: NDArray[np.integer[Any]],
    weight: Weights,
    *,
    merge_weight: float,
    missing: float,
    guarded: NDArray[np.bool_] | None = None,
    merge: GuardedMerge | None = None,
) -> tuple[Keys, int]:
    """The group of each node, named by its first node, and how many merges were refused.

    Args:
        n_nodes: nodes are 0 … n_nodes - 1.
        left: one end of each scored pair; a pair occurs once.
        right: the other end.
        weight: of each pair.
        merge_weight: the least average at which two groups join.
        missing: what a pair without a score adds to an average.
        guarded: nodes that `merge` may have something to say about.
        merge: asked before every merge in a component with guarded nodes.
    """
    label = np.arange(n_nodes, dtype=np.int64)
    strong = weight >= merge_weight
    if not strong.any():
        return label, 0
    component = connected(n_nodes, left[strong], right[strong])
    size = np.bincount(component)
    # All pairs of a whole component are strong, so that it is one group whatever the order of its merges.
    is_whole = np.bincount(component[left[strong]], minlength=len(size)) == size * (size - 1) // 2
    is_asked = np.zeros(len(size), dtype=bool)
    if guarded is not None and merge is not None:
        is_asked = np.bincount(component[guarded], minlength=len(size)) > 1
    _join_whole(label, component, is_whole & ~is_asked)
    of = component[left]
    inside = (of == component[right]) & (is_asked | ~is_whole)[of] & (size > 1)[of]
    ends_left, ends_right = left[inside].astype(np.int64), right[inside].astype(np.int64)
    weight, of = weight[inside], of[inside]
    if not len(of):
        return label, 0
    # Sorted by their ends too, so that the order of the pairs changes nothing.
    order = np.lexsort((ends_right, ends_left, of))
    edges = ends_left[order], ends_right[order], weight[order]
    of = of[order]
    starts = np.flatnonzero(np.r_[True, of[1:] != of[:-1]])
    ends = np.r_[starts[1:], len(of)]
    size, asked = size[of[starts]], is_asked[of[starts]]
    together = ~asked & (size <= LARGEST_TOGETHER)
    for n in np.unique(size[together]).tolist():
        mine = np.flatnonzero(together & (size == n))
        n_edges = (ends - starts)[mine]
        of_mine = np.repeat(np.arange(len(mine)), n_edges)
        places = np.repeat(starts[mine] - np.cumsum(n_edges) + n_edges, n_edges) + np.arange(len(of_mine))
        _together(label, n, of_mine, _some(edges, places), merge_weight, missing)
    refused = 0
    for number in np.flatnonzero(~together).tolist():
        part = _some(edges, slice(starts[number], ends[number]))
        if asked[number] or size[number] > LARGEST_MATRIX:
            refused += _greedy(label, part, merge_weight, missing, merge if asked[number] else None)
        else:
            _hierarchical(label, part, merge_weight, missing)
    return label, refused


def _some(edges: tuple[Keys, Keys, Weights], which: Keys | slice) -> tuple[Keys, Keys, Weights]:
    left, right, weight = edges
    return left[which], right[which], weight[which]


def _together(
    label: Keys,
    n: int,
    of: Keys,
    edges: tuple[Keys, Keys, Weights],
    merge_weight: float,
    missing: float,
) -> None:
    """Average linkage in many components of `n` nodes each: in every step each of them merges its best two groups.

    Args:
        label: what is written to.
        n: nodes of a component.
        of: the component of each edge, from 0, ascending.
        edges: of all components.
        merge_weight: the least average.
        missing: what a pair without a score counts.
    """
    left, right, weight = edges
    # Every node is an end of some edge: the nodes of component c are those from c * n.
    ends = np.unique(np.concatenate([of, of]) * np.int64(len(label)) + np.concatenate([left, right]))
    node = (ends % len(label)).reshape(-1, n)
    m = len(node)
    place = [np.searchsorted(ends, of * np.int64(len(label)) + side) % n for side in (left, right)]
    total = np.full((m, n, n), missing)
    total[of, place[0], place[1]] = total[of, place[1], place[0]] = weight
    members = np.ones((m, n))
    group = np.tile(np.arange(n), (m, 1))
    above = np.triu(np.ones((n, n), dtype=bool), 1)
    at = np.arange(m)
    for _ in range(n - 1):
        alive = members > 0
        pairs = members[:, :, None] * members[:, None, :]
        is_pair = above & alive[:, :, None] & alive[:, None, :]
        average = np.where(is_pair, total / np.maximum(pairs, 1), -np.inf).reshape(m, -1)
        best = average.argmax(axis=1)  # of equals that of the first nodes
        goes_on = average[at, best] >= merge_weight
        if not goes_on.any():
            break
        c, a, b = at[goes_on], best[goes_on] // n, best[goes_on] % n
        total[c, a, :] += total[c, b, :]
        total[c, :, a] += total[c, :, b]
        members[c, a] += members[c, b]
        members[c, b] = 0
        moved = group[c]
        group[c] = np.where(moved == b[:, None], a[:, None], moved)
    label[node] = node[at[:, None], group]


def _join_whole(label: Keys, component: Keys, is_joined: NDArray[np.bool_]) -> None:
    """Every node of a component that is one group gets the component's first node."""
    first = np.empty(len(is_joined), dtype=np.int64)
    first[component[::-1]] = np.arange(len(label))[::-1]  # the last to be written is the first node
    nodes = is_joined[component]
    label[nodes] = first[component[nodes]]


def _hierarchical(label: Keys, edges: tuple[Keys, Keys, Weights], merge_weight: float, missing: float) -> None:
    """By SciPy's average linkage on the full matrix; its distances are the weights turned round."""
    left, right, weight = edges
    nodes, position = np.unique(np.concatenate([left, right]), return_inverse=True)
    a, b = position[: len(left)], position[len(left) :]
    n = len(nodes)
    distance = np.full(n * (n - 1) // 2, -missing)
    distance[n * a - a * (a + 1) // 2 + b - a - 1] = -weight
    lowest = distance.min()  # SciPy wants no negative distances
    groups = fcluster(linkage(distance - lowest, "average"), -merge_weight - lowest, "distance")
    first: dict[int, int] = {}
    label[nodes] = [first.setdefault(group, node) for group, node in zip(groups.tolist(), nodes.tolist(), strict=True)]


def _greedy(
    label: Keys,
    edges: tuple[Keys, Keys, Weights],
    merge_weight: float,
    missing: float,
    merge: GuardedMerge | None,
) -> int:
    """The same, merge by merge, asking the guards; returns how many merges they refused."""
    groups = _Groups(edges, missing)
    heap = [(-w, a, b) for a, b, w in groups.edges if w >= merge_weight]
    heapq.heapify(heap)
    refused = 0
    while heap:
        negative, a, b = heapq.heappop(heap)
        if not groups.touch(a, b) or groups.average(a, b) != -negative:
            continue
        if merge is not None and not merge.merge(a, b):
            refused += 1
            groups.forget(a, b)
            continue
        for other, value in groups.join(a, b):
            if value >= merge_weight:
                heapq.heappush(heap, (-value, min(a, other), max(a, other)))
    for group in groups.members.values():
        label[group] = min(group)
    return refused


class _Groups:
    """Groups of nodes with the sum and number of the scored pairs between each two of them."""

    def __init__(self, edges: tuple[Keys, Keys, Weights], missing: float) -> None:
        self.missing = missing
        self.total: dict[int, dict[int, tuple[float, int]]] = defaultdict(dict)
        self.members: dict[int, list[int]] = {}
        self.edges = list(zip(*(ends.tolist() for ends in edges), strict=True))
        for a, b, w in self.edges:
            self.total[a][b] = self.total[b][a] = (w, 1)
            self.members.setdefault(a, [a])
            self.members.setdefault(b, [b])

    def touch(self, a: int, b: int) -> bool:
        """Whether both are still groups, with a scored pair between them."""
        return a in self.members and b in self.members and b in self.total[a]

    def average(self, a: int, b: int) -> float:
        """The average over all pairs between two groups."""
        weight, scored = self.total[a][b]
        pairs = len(self.members[a]) * len(self.members[b])
        return (weight + self.missing * (pairs - scored)) / pairs

    def forget(self, a: int, b: int) -> None:
        """Two groups that may not join are strangers from now on."""
        del self.total[a][b], self.total[b][a]

    def join(self, a: int, b: int) -> list[tuple[int, float]]:
        """Makes group b part of group a; gives the new average with each group that either touched."""
        for other, (w, n) in self.total.pop(b).items():
            self.total[other].pop(b)
            if other != a:
                w0, n0 = self.total[a].get(other, (0.0, 0))
                self.total[a][other] = self.total[other][a] = (w0 + w, n0 + n)
        self.members[a] += self.members.pop(b)
        return [(other, self.average(a, other)) for other in self.total[a]]
