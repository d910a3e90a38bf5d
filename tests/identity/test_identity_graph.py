import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from identity.graph import GuardedMerge, connected
from identity.scoring.cluster import cluster
from identity.scoring.rivals import without_rivals

PAIR = {"cluster_a": pl.Int64, "cluster_b": pl.Int64, "match_weight": pl.Float64, "is_vetoed": pl.Boolean}


def pairs(*rows):
    return pl.DataFrame([(*row, False) for row in rows], schema=PAIR, orient="row")


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=60))
def test_components_are_the_same_as_union_find_gives(edges):
    label = connected(31, [a for a, _ in edges], [b for _, b in edges])
    merge = GuardedMerge(31, [])
    for a, b in edges:
        merge.merge(a, b)
    roots = [merge.find(n) for n in range(31)]
    assert {(a, b) for a in range(31) for b in range(31) if label[a] == label[b]} == {
        (a, b) for a in range(31) for b in range(31) if roots[a] == roots[b]
    }


@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=40),
    st.dictionaries(st.integers(0, 12), st.sampled_from(["x", "y", "z"]), max_size=13),
)
def test_no_merge_ever_joins_two_values_of_a_single_valued_key(edges, values):
    merge = GuardedMerge(13, [{n: frozenset([v]) for n, v in values.items()}])
    for a, b in edges:
        merge.merge(a, b)
    for root in {merge.find(n) for n in range(13)}:
        assert len({values[n] for n in values if merge.find(n) == root}) <= 1


def test_one_strong_edge_between_two_strange_groups_does_not_join_them():
    weights = pairs((0, 1, 12.0), (2, 3, 12.0), (1, 2, 6.0))
    label = cluster(4, weights, []).label
    assert label[0] == label[1] and label[2] == label[3] and label[1] != label[2]


def test_a_clique_of_good_edges_is_one_person():
    label = cluster(3, pairs((0, 1, 8.0), (1, 2, 7.0), (0, 2, 6.0)), []).label
    assert len(set(label.tolist())) == 1


def test_what_a_guard_refuses_is_left_for_review():
    result = cluster(2, pairs((0, 1, 20.0)), [{0: frozenset(["a"]), 1: frozenset(["b"])}])
    assert result.n_refused == 1
    assert result.doubtful.rows() == [(0, 1)]


@given(st.permutations([(0, 1, 9.0), (1, 2, 5.0), (2, 3, 8.0), (0, 3, 4.5), (4, 5, 6.0), (1, 3, 4.4)]))
def test_the_order_of_the_pairs_does_not_matter(rows):
    expected = cluster(6, pairs(*sorted(rows)), []).label
    assert np.array_equal(cluster(6, pairs(*rows), []).label, expected)


def test_two_full_names_at_one_phone_and_door_are_a_family():
    household = pairs((0, 1, 20.0)).with_columns(is_vetoed=pl.lit(True))
    assert len(set(cluster(2, household, []).label.tolist())) == 2


def test_what_fits_two_full_names_that_differ_never_brings_them_together():
    weights = pairs((0, 1, 20.0), *((n, part, 15.0) for part in (2, 3, 4) for n in (0, 1))).with_columns(
        is_vetoed=(pl.col("cluster_a") == 0) & (pl.col("cluster_b") == 1)
    )
    alike = pairs((2, 3, 15.0), (2, 4, 15.0), (3, 4, 15.0)).with_columns(is_vetoed=pl.lit(False))
    label = cluster(5, pl.concat([weights, alike]), []).label
    assert label[0] != label[1]


def test_a_part_of_a_name_that_fits_two_people_as_well_joins_neither():
    rows = pl.DataFrame({"unique_id": [0, 1, 2, 3], "quality": ["full", "full", "masked", "full"]})
    family = pairs((0, 1, 20.0)).with_columns(is_vetoed=pl.lit(True))
    weights = pairs((0, 2, 13.5), (1, 2, 13.0), (0, 3, 12.0)).with_columns(is_vetoed=pl.lit(False))
    told = without_rivals(pl.concat([family, weights]), rows)
    assert told["is_vetoed"].to_list() == [True, True, True, False]
    assert told.drop("is_vetoed").equals(pl.concat([family, weights]).drop("is_vetoed"))


def test_a_part_of_a_name_joins_the_one_that_it_fits_far_better():
    rows = pl.DataFrame({"unique_id": [0, 1, 2], "quality": ["full", "full", "title"]})
    family = pairs((0, 1, 20.0)).with_columns(is_vetoed=pl.lit(True))
    weights = pairs((0, 2, 18.0), (1, 2, 6.0)).with_columns(is_vetoed=pl.lit(False))
    told = without_rivals(pl.concat([family, weights]), rows)
    assert dict(told.select("cluster_a", "is_vetoed").rows()[1:]) == {0: False, 1: True}
