import re

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from identity.graph import connected
from identity.scoring.retail import RETAIL
from identity.showing.bridges import bridges
from identity.showing.edges import holds_together
from identity.showing.words import COMPARISONS, LEVELS, edge_words, rarity

EDGES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=16)


@given(EDGES)
def test_an_edge_is_a_bridge_where_losing_it_splits_its_part(edges):
    left, right = (np.array([e[n] for e in edges], dtype=np.int64) for n in (0, 1))
    is_bridge, cut = bridges(10, left, right)
    whole = connected(10, left, right)
    for n, (a, b) in enumerate(edges):
        rest = connected(10, np.delete(left, n), np.delete(right, n))
        assert is_bridge[n] == (rest[a] != rest[b])
        expected = min((rest == rest[a]).sum(), (rest == rest[b]).sum()) if is_bridge[n] else 0
        assert cut[n] == expected
        assert cut[n] <= (whole == whole[a]).sum() / 2


def test_two_triangles_hang_together_by_one_bridge_however_long_their_tails():
    edges = [(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 5), (5, 3), (5, 6), (6, 7)]
    is_bridge, cut = bridges(8, np.array([a for a, _ in edges]), np.array([b for _, b in edges]))
    assert {e: int(n) for e, is_one, n in zip(edges, is_bridge, cut, strict=True) if is_one} == {
        (2, 3): 3, (5, 6): 2, (6, 7): 1,
    }  # fmt: skip


def test_every_level_of_the_retail_scheme_has_words_in_chinese():
    labels = RETAIL.level_labels()
    assert set(labels) <= set(COMPARISONS)
    assert {text for levels in labels.values() for text in levels.values()} <= set(LEVELS)


def edge(**values):
    row = {"kind": "scored", "rule": "splink", "match_weight": None, "evidence": None, "rarity": None} | values
    schema = {"match_weight": pl.Float64, "evidence": pl.String, "rarity": pl.Int64}
    return edge_words(pl.DataFrame([row], schema_overrides=schema), RETAIL).row(0, named=True)


def test_a_scored_edge_says_each_comparison_with_its_weight_and_how_rare_the_surname_is():
    evidence = '{"name":{"level":4,"weight":8.88},"phone":{"level":0,"weight":-2.86},"email":{"level":-1,"weight":0.0}}'
    told = edge(match_weight=-3.98, evidence=evidence, rarity=2000)
    assert told["words"] == (
        "same name (+8.9); surname is rare: about 1 in 2000; phones differ (-2.9); two people at random (-10.0)"
    )
    assert told["words_zh"] == "姓名相同（+8.9）；姓氏少见：约每 2000 人中 1 人；手机号不同（-2.9）；随机两人（-10.0）"


def test_a_surname_that_disagrees_is_not_called_rare():
    evidence = '{"name":{"level":0,"weight":-3.5},"phone":{"level":2,"weight":16.0}}'
    assert "rare" not in edge(match_weight=2.5, evidence=evidence, rarity=2000)["words"]


def test_a_rule_nobody_has_words_for_is_told_by_its_name():
    assert edge(kind="sure", rule="brand_club_no")["words"] == "same brand club no"


def test_rare_surnames_are_told_in_round_numbers_and_never_of_fewer_than_five_people():
    surname = ["王"] * 5_000 + ["欧阳"] * 8 + ["上官"]
    rare = rarity(pl.Series(surname), pl.Series(range(len(surname))))
    by_name = dict(zip(surname, rare, strict=True))
    assert by_name == {"王": None, "欧阳": 500, "上官": 1000}


def test_edges_that_weigh_against_hold_nobody_together():
    rows = pl.DataFrame({"kind": ["sure", "scored", "scored", "doubtful"], "match_weight": [None, 5.0, -1.0, 4.0]})
    assert rows.select(holds_together().alias("h"))["h"].to_list() == [True, True, False, False]


def test_words_hold_no_digits_of_anybody():
    assert not re.search(r"\d{5}", edge(kind="sure", rule="phone")["words"])
