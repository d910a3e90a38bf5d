"""Bridges: the edges whose loss would split a person, and how much would fall off.

Belongs here: the graph work alone, on dense integer keys. Most edges hang single records on a person; those are
peeled off in whole layers, and only what lies on cycles is walked node by node (Tarjan 1974).
"""

import numpy as np
from numpy.typing import NDArray

from identity.graph import Keys, connected


def bridges(n_nodes: int, left: Keys, right: Keys) -> tuple[NDArray[np.bool_], Keys]:
    """Which edges are bridges, and how many nodes the smaller part would have without each.

    Args:
        n_nodes: nodes are 0 … n_nodes - 1.
        left: one end of each edge; two edges between the same nodes back each other up, and neither is a bridge.
        right: the other end.

    Returns:
        Per edge, whether it is a bridge, and the size of the smaller part that its loss would cut off (0 if none).
    """
    left, right = np.asarray(left, dtype=np.int64), np.asarray(right, dtype=np.int64)
    is_bridge, beyond = np.zeros(len(left), dtype=np.bool_), np.zeros(len(left), dtype=np.int64)
    size = np.ones(n_nodes, dtype=np.int64)
    core = _peel(left, right, size, is_bridge, beyond)
    _walk(left, right, core, size, is_bridge, beyond)
    label = connected(n_nodes, left, right)
    whole = np.bincount(label, minlength=1)[label[left]] if len(left) else beyond
    return is_bridge, np.where(is_bridge, np.minimum(beyond, whole - beyond), 0)


def _peel(left: Keys, right: Keys, size: Keys, is_bridge: NDArray[np.bool_], beyond: Keys) -> Keys:
    """Takes off nodes with a single edge, layer by layer; returns the edges that are left."""
    degree = np.bincount(np.concatenate([left, right]), minlength=len(size))
    edge = np.flatnonzero(left != right)
    degree[left[left == right]] = 0
    while len(edge):
        a, b = left[edge], right[edge]
        is_leaf_a, is_leaf_b = degree[a] == 1, degree[b] == 1
        hangs = is_leaf_a | is_leaf_b
        if not hangs.any():
            break
        leaf, root = np.where(is_leaf_a, a, b)[hangs], np.where(is_leaf_a, b, a)[hangs]
        is_bridge[edge[hangs]] = True
        beyond[edge[hangs]] = size[leaf]
        np.add.at(size, root, size[leaf])
        np.subtract.at(degree, root, 1)
        degree[leaf] = 0
        edge = edge[~hangs]
    return edge


def _walk(left: Keys, right: Keys, core: Keys, size: Keys, is_bridge: NDArray[np.bool_], beyond: Keys) -> None:
    """Tarjan's bridges among the edges that peeling left; the sizes count what was peeled off onto each node."""
    near: dict[int, list[tuple[int, int]]] = {}
    for edge, a, b in zip(core.tolist(), left[core].tolist(), right[core].tolist(), strict=True):
        near.setdefault(a, []).append((b, edge))
        near.setdefault(b, []).append((a, edge))
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    below = {node: int(size[node]) for node in near}
    for start in near:
        if start in order:
            continue
        order[start] = low[start] = len(order)
        stack = [(start, -1, iter(near[start]))]
        while stack:
            node, came_by, rest = stack[-1]
            step = next(rest, None)
            if step is None:
                stack.pop()
                if stack:
                    parent = stack[-1][0]
                    low[parent] = min(low[parent], low[node])
                    below[parent] += below[node]
                    if low[node] > order[parent]:
                        is_bridge[came_by], beyond[came_by] = True, below[node]
            elif step[1] != came_by and step[0] in order:
                low[node] = min(low[node], order[step[0]])
            elif step[1] != came_by:
                order[step[0]] = low[step[0]] = len(order)
                stack.append((step[0], step[1], iter(near[step[0]])))
