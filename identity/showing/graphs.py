"""Graphs of a person's records: which bubbles there are, how alike ones are put together, where each lies.

Belongs here: what is the same for a picture in a file and for one in a page. Shapes and colours are theirs.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from identity.graph import GuardedMerge, connected
from identity.showing.edges import is_weak_bridge
from identity.showing.explain import End, Step

WIDTH: Final = 960.0
# A graph of more bubbles than this tells nobody anything; the others are counted.
MOST_BUBBLES: Final = 120
# So many alike records on one party are drawn as one bubble.
_ALIKE: Final = 3
# log2 odds from which two records of one kind are drawn as one: p = 0.999.
_STRONG: Final = 10.0
# With more weighed edges than this only the strongest that hold the person together are drawn in full.
_THICKET: Final = 12


@dataclass(frozen=True)
class Bubble:
    """One party, or several alike that hang on the same one by the same rule."""

    end: End
    count: int = 1


@dataclass(frozen=True)
class Bundle:
    """All edges between two bubbles, the strongest first.

    Attributes:
        a, b: numbers of the bubbles; the same where the edges are inside of one.
        steps: the edges.
    """

    a: int
    b: int
    steps: tuple[Step, ...]


def gathered(steps: Sequence[Step]) -> tuple[list[Bubble], list[tuple[int, int, Step]], int]:
    """Bubbles and the edges between them; leaves that are alike become one bubble."""
    degree: dict[tuple[str, str], int] = {}
    for step in steps:
        for end in (step.a, step.b):
            degree[end.record, end.role] = degree.get((end.record, end.role), 0) + 1
    alike: dict[object, list[Step]] = {}
    for n, step in enumerate(steps):
        leaf, hub = (step.b, step.a) if degree[step.b.record, step.b.role] == 1 else (step.a, step.b)
        is_leaf = degree[leaf.record, leaf.role] == 1 and degree[hub.record, hub.role] > 1 and step.match_weight is None
        kind = (hub.record, hub.role, leaf.source, leaf.record_type, leaf.role, step.rule)
        alike.setdefault(kind if is_leaf else n, []).append(step)
    kept = [[step] for group in alike.values() if len(group) < _ALIKE for step in group]
    kept += [group for group in alike.values() if len(group) >= _ALIKE]
    number: dict[tuple[str, str], int] = {}
    bubbles: list[Bubble] = []
    links, n_left_out = [], 0
    for group in kept:
        step = group[0]
        ends = (step.a, step.b)
        new = [end for end in ends if (end.record, end.role) not in number]
        if len(bubbles) + len(new) > MOST_BUBBLES:
            n_left_out += len(group)
            continue
        for end in new:
            number[end.record, end.role] = len(bubbles)
            is_leaf = len(group) > 1 and degree[end.record, end.role] == 1
            bubbles.append(Bubble(end, len(group) if is_leaf else 1))
        links.append((number[step.a.record, step.a.role], number[step.b.record, step.b.role], step))
    return bubbles, links, n_left_out


def layout(n: int, links: list[tuple[int, int]]) -> tuple[NDArray[np.float64], float, float]:
    """Where each bubble lies, and the size of the picture: distances as near as can be to steps along the edges.

    Stress majorisation (Gansner, Koren and North 2004), from a spiral, so that the same person is always drawn alike.
    """
    if n < 2:
        return np.array([[WIDTH / 2, 130.0]] * n), WIDTH, 240.0
    a, b = np.array(links).T
    # Imported here: it takes a second, and only a graph needs it.
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import shortest_path

    steps = shortest_path(csr_matrix((np.ones(len(a)), (a, b)), shape=(n, n)), directed=False, unweighted=True)
    steps[~np.isfinite(steps)] = 1.5 * steps[np.isfinite(steps)].max()
    np.fill_diagonal(steps, 1.0)
    weight = steps**-2.0
    np.fill_diagonal(weight, 0.0)
    turn = np.arange(n) * 2.399963
    place = np.stack([np.cos(turn), np.sin(turn)], axis=1) * np.sqrt(np.arange(n) + 0.5)[:, None]
    inverse = np.linalg.pinv(np.diag(weight.sum(axis=1)) - weight)
    for _ in range(200):
        apart = np.linalg.norm(place[:, None] - place[None], axis=2)
        np.fill_diagonal(apart, 1.0)
        ratio = -weight * steps / np.maximum(apart, 1e-9)
        np.fill_diagonal(ratio, 0.0)
        np.fill_diagonal(ratio, -ratio.sum(axis=1))
        place = inverse @ (ratio @ place)
    return _on_paper(place)


def _on_paper(place: NDArray[np.float64]) -> tuple[NDArray[np.float64], float, float]:
    """The layout turned so that it is wide rather than high, and big enough for its labels."""
    place = place - place.mean(axis=0)
    turned = place @ np.linalg.svd(place, full_matrices=False)[2].T
    apart = np.linalg.norm(turned[:, None] - turned[None], axis=2) + np.eye(len(turned)) * 1e9
    near = max(float(np.quantile(apart.min(axis=1), 0.2)), 0.15)
    span = np.maximum(np.ptp(turned, axis=0), 0.1)
    scale = float(np.clip(78.0 / near, 60.0, max((WIDTH - 190) / span[0], 1500.0 / span.max())))
    on_paper = (turned - turned.min(axis=0)) * scale + np.array([95.0, 95.0])
    width = max(WIDTH, float(on_paper[:, 0].max()) + 95.0)
    on_paper[:, 0] += (width - (on_paper[:, 0].max() + 95.0)) / 2
    return on_paper, width, float(on_paper[:, 1].max()) + 60.0


def telling(n: int, links: list[tuple[int, int, Step]]) -> set[int]:
    """The edges that are drawn in full: all of a few; of a thicket those that would hold it together by themselves."""
    if sum(step.match_weight is not None for _, _, step in links) <= _THICKET:
        return set(range(len(links)))
    merge, kept = GuardedMerge(n, []), set()
    strongest = sorted(range(len(links)), key=lambda k: -(1e9 if (w := links[k][2].match_weight) is None else w))
    for k in strongest:
        a, b, _ = links[k]
        if merge.find(a) != merge.find(b):
            merge.merge(a, b)
            kept.add(k)
    return kept


def summarised(steps: Sequence[Step], most: int) -> tuple[list[Bubble], list[Bundle]]:
    """The records of a person in few enough bubbles to be read, and what ties these together.

    Each record is a bubble while they are few. Else those of one source, kind and role that hang on the same record
    by the same sure rule are one; where that is too many still, all of one source, kind and role are, but for those
    that a weak bridge ends at.

    Args:
        steps: of `explain_person`.
        most: bubbles that can be read.
    """
    ends: dict[tuple[str, str], End] = {}
    for step in steps:
        for end in (step.a, step.b):
            ends.setdefault((end.record, end.role), end)
    number = {key: n for n, key in enumerate(ends)}
    groups = np.arange(len(ends))
    for level in (_by_hub, _by_kind):
        if len(np.unique(groups)) <= most:
            break
        groups = _joined_groups(level(steps, number), len(ends))
    return _bubbles(list(ends.values()), groups, steps, number)


_Keys = list[tuple[Hashable, int]]


def _by_hub(steps: Sequence[Step], number: dict[tuple[str, str], int]) -> _Keys:
    """What makes parties alike: their kind with the sure rule that ties them to a record, or a strong tie to it."""
    keys: _Keys = []
    for step in steps:
        if step.match_weight is not None and step.match_weight < _STRONG:
            continue
        for end, hub in ((step.a, step.b), (step.b, step.a)):
            near = number[end.record, end.role]
            if step.match_weight is None:
                keys.append(((_kind(end), step.rule, hub.record, hub.role), near))
            if _kind(end) == _kind(hub):
                keys.append((("own", *sorted((near, number[hub.record, hub.role]))), near))
    return keys


def _by_kind(steps: Sequence[Step], number: dict[tuple[str, str], int]) -> _Keys:
    weak = {
        (end.record, end.role)
        for step in steps
        if is_weak_bridge(step.is_bridge, step.match_weight)
        for end in (step.a, step.b)
    }
    ends = {(end.record, end.role): end for step in steps for end in (step.a, step.b)}
    return [(_kind(end), number[key]) for key, end in ends.items() if key not in weak]


def _kind(end: End) -> tuple[str, str, str]:
    return end.source, end.record_type, end.role


def _joined_groups(keys: _Keys, n: int) -> NDArray[np.int64]:
    """A number for each party: the same where they share a key, directly or through others."""
    first: dict[Hashable, int] = {}
    pairs = [(first.setdefault(key, party), party) for key, party in keys]
    return np.asarray(connected(n, [a for a, _ in pairs], [b for _, b in pairs]), dtype=np.int64)


def _bubbles(
    ends: Sequence[End], groups: NDArray[np.int64], steps: Iterable[Step], number: dict[tuple[str, str], int]
) -> tuple[list[Bubble], list[Bundle]]:
    order = list(dict.fromkeys(groups.tolist()))
    place = {group: n for n, group in enumerate(order)}
    members: dict[int, list[End]] = {}
    for end, group in zip(ends, groups.tolist(), strict=True):
        members.setdefault(place[group], []).append(end)
    between: dict[tuple[int, int], list[Step]] = {}
    for step in steps:
        a, b = sorted(place[int(groups[number[end.record, end.role]])] for end in (step.a, step.b))
        between.setdefault((a, b), []).append(step)
    bundles = [Bundle(a, b, tuple(sorted(found, key=_strength))) for (a, b), found in between.items()]
    return [Bubble(found[0], len(found)) for _, found in sorted(members.items())], bundles


def _strength(step: Step) -> float:
    return -1e9 if step.match_weight is None else -step.match_weight
