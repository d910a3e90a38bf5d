import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.graph import GuardedMerge
from identity.scoring.linkage import average_linkage

N = 9
pairs = st.dictionaries(
    st.tuples(st.integers(0, N - 1), st.integers(0, N - 1)).filter(lambda p: p[0] < p[1]),
    st.floats(-6, 20).map(lambda w: round(w, 3)),
    max_size=25,
)


def run(edges, merge_weight=1.0, merge=None):
    left, right = (np.array([pair[end] for pair in edges], dtype=np.int64) for end in (0, 1))
    weight = np.array(list(edges.values()), dtype=float)
    guarded = None if merge is None else np.ones(N, dtype=bool)
    return average_linkage(
        N, left, right, weight, merge_weight=merge_weight, missing=-2.0, guarded=guarded, merge=merge
    )


@settings(max_examples=150)
@given(pairs)
def test_the_quick_way_and_merge_by_merge_give_the_same_groups(edges):
    quick, _ = run(edges)
    slow, refused = run(edges, merge=GuardedMerge(N, []))
    assert refused == 0
    # Ties apart, which either way may settle differently, the groups are the same.
    if len({w for w in edges.values()}) == len(edges):
        assert quick.tolist() == slow.tolist()


@settings(max_examples=100)
@given(pairs, st.randoms(use_true_random=False))
def test_the_order_of_pairs_changes_nothing(edges, random):
    shuffled = list(edges.items())
    random.shuffle(shuffled)
    assert run(edges)[0].tolist() == run(dict(shuffled))[0].tolist()


def test_one_strong_pair_does_not_join_two_groups_that_are_strangers():
    two_groups = {(0, 1): 9.0, (0, 2): 9.0, (1, 2): 9.0, (3, 4): 9.0, (3, 5): 9.0, (4, 5): 9.0}
    assert run(two_groups | {(2, 3): 8.0})[0].tolist()[:6] == [0, 0, 0, 3, 3, 3]


def test_a_guard_is_asked_before_every_merge():
    merge = GuardedMerge(N, [{0: frozenset("a"), 2: frozenset("b")}])
    label, refused = run({(0, 1): 9.0, (1, 2): 8.0, (0, 2): 7.0}, merge=merge)
    assert label.tolist()[:3] == [0, 0, 2]
    assert refused == 1
