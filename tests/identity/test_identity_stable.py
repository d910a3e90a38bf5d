import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.keeping.causes import ChurnBudget, ChurnError, Differences, check_churn, contents
from identity.keeping.stable import assign, one_ids
from identity.parties import Parties


def parties(*records):
    party = pl.DataFrame({"record_id": list(records), "role": ["member"] * len(records)}).with_row_index("party")
    return Parties(party.with_columns(pl.col("party").cast(pl.Int32)), pl.DataFrame())


class Runs:
    """Runs one after another in a folder, each on the last one's tables."""

    def __init__(self, folder):
        self.folder, self.previous, self.n = folder, None, 0

    def run(self, clusters, differences=None):
        """`clusters`: record → cluster label; gives record → OneID and the run's identities."""
        self.n += 1
        records = sorted(clusters)
        labels = np.unique([clusters[r] for r in records], return_inverse=True)[1].astype(np.int64)
        found = assign(parties(*records), labels, self.previous, f"r{self.n}", differences)
        self.previous = self.folder / f"r{self.n}"
        self.previous.mkdir(parents=True)
        ids = dict(zip(records, found.of_party["one_id"], strict=True))
        pl.DataFrame(
            {"record_id": records, "role": ["member"] * len(records), "one_id": [ids[r] for r in records]}
        ).write_parquet(self.previous / "record_map.parquet")
        found.one_id.write_parquet(self.previous / "one_id.parquet")
        found.absent_record.write_parquet(self.previous / "absent_record.parquet")
        found.displaced_record.write_parquet(self.previous / "displaced_record.parquet")
        return ids, found


def status(found):
    return {r["one_id"]: (r["status"], r["merged_into"]) for r in found.one_id.iter_rows(named=True)}


def test_a_run_on_the_same_records_changes_no_id(tmp_path):
    runs = Runs(tmp_path)
    first, _ = runs.run({"a": 1, "b": 1, "c": 2})
    second, found = runs.run({"c": 7, "b": 3, "a": 3})
    assert first == second
    assert found.change.is_empty()


def test_of_a_merge_the_id_with_most_records_survives_and_the_other_becomes_its_alias(tmp_path):
    runs = Runs(tmp_path)
    before, _ = runs.run({"a": 1, "b": 2, "c": 2})
    after, found = runs.run({"a": 1, "b": 1, "c": 1})
    assert set(after.values()) == {before["b"]}
    assert status(found)[before["a"]] == ("merged", before["b"])
    assert found.change["record_id"].to_list() == ["a"]


def test_of_a_merge_of_equals_the_oldest_id_survives(tmp_path):
    runs = Runs(tmp_path)
    before, _ = runs.run({"a": 1, "b": 2})
    after, _ = runs.run({"a": 1, "b": 1})
    assert set(after.values()) == {before["a"]}


def test_where_ids_compete_as_many_records_as_possible_keep_theirs(tmp_path):
    runs = Runs(tmp_path)
    before, _ = runs.run({**{f"a{n}": 1 for n in range(9)}, **{f"b{n}": 2 for n in range(4)}})
    # Five of A go with all of B, four of A stay alone: A to the alone and B to the rest keeps most.
    together = {**{f"a{n}": 3 for n in range(5)}, **{f"b{n}": 3 for n in range(4)}}
    after, found = runs.run({**together, **{f"a{n}": 4 for n in range(5, 9)}})
    assert after["b0"] == before["b0"] and after["a8"] == before["a0"]
    assert len(found.change) == 5


def test_of_a_split_the_larger_part_keeps_the_id(tmp_path):
    runs = Runs(tmp_path)
    before, _ = runs.run({"a": 1, "b": 1, "c": 1})
    after, _ = runs.run({"a": 1, "b": 2, "c": 2})
    assert after["b"] == after["c"] == before["a"]
    assert after["a"] not in set(before.values())


def test_a_retired_id_is_never_given_again(tmp_path):
    runs = Runs(tmp_path)
    before, _ = runs.run({"a": 1, "b": 2})
    runs.run({"a": 1, "b": 1})
    after, found = runs.run({"a": 1, "b": 2})
    assert before["b"] not in set(after.values())
    assert status(found)[before["b"]] == ("merged", before["a"])


def test_records_that_come_back_find_their_id(tmp_path):
    runs = Runs(tmp_path)
    before, _ = runs.run({"a": 1, "b": 2})
    _, without = runs.run({"a": 1})
    assert status(without)[before["b"]] == ("absent", None)
    runs.run({"a": 1})
    after, found = runs.run({"a": 1, "b": 2})
    assert after == before
    assert status(found)[before["b"]] == ("active", None)


def test_a_source_that_is_dropped_and_restored_brings_every_id_back(tmp_path):
    whole = {"a1": 1, "b1": 1, "a2": 1, "b2": 2, "b3": 2, "a3": 2, "a4": 3, "b4": 4}
    runs = Runs(tmp_path)
    before, _ = runs.run(whole)
    # Without source b the first person falls apart, and a3 is taken for a4.
    _, without = runs.run({"a1": 1, "a2": 2, "a3": 3, "a4": 3})
    assert set(without.change["cause"]) == {"source_gone"}
    runs.run({"a1": 1, "a2": 2, "a3": 3, "a4": 3})
    after, found = runs.run(whole)
    assert after == before
    assert set(found.change["cause"]) == {"source_back"}
    assert status(found)[before["a3"]] == ("active", None)
    assert found.displaced_record.is_empty()


@given(
    st.dictionaries(st.sampled_from([f"{s}{n}" for s in "ab" for n in range(6)]), st.integers(0, 4), min_size=2),
    st.lists(st.integers(0, 3), min_size=6, max_size=6),
)
def test_whatever_is_made_of_the_rest_meanwhile_a_restored_source_restores_the_ids(tmp_path_factory, whole, meanwhile):
    runs = Runs(tmp_path_factory.mktemp("runs"))
    before, _ = runs.run(whole)
    rest = {record: meanwhile[int(record[1])] for record in whole if record[0] == "a"}
    if not rest or len(rest) == len(whole):
        return
    runs.run(rest)
    after, _ = runs.run(whole)
    assert after == before


def frame(*records):
    rows = {"record_id": list(records), "role": ["member"] * len(records)}
    return pl.DataFrame(rows, schema={"record_id": pl.String, "role": pl.String})


def cause_of(found):
    return dict(found.change.select("record_id", "cause").iter_rows())


def test_each_change_has_the_cause_that_lies_nearest_to_it(tmp_path):
    runs = Runs(tmp_path)
    runs.run({"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7, "h": 7, "i": 8, "j": 9})
    different = Differences(model=True, changed=frame("d"), steward=frame("e"), erased=frame("i"))
    # b joins a by a new record, d joins c after saying something else, f joins e by a steward's word; j is left by i.
    _, found = runs.run({"a": 1, "b": 1, "new": 1, "c": 3, "d": 3, "e": 5, "f": 5, "g": 7, "h": 8, "j": 9}, different)
    assert cause_of(found) == {"b": "new_evidence", "d": "new_evidence", "f": "steward", "h": "model"}


def test_an_erased_record_is_not_remembered_and_what_it_held_together_falls_apart_by_erasure(tmp_path):
    runs = Runs(tmp_path)
    runs.run({"a": 1, "b": 1, "c": 1})
    _, found = runs.run({"a": 1, "c": 2}, Differences(erased=frame("b")))
    assert cause_of(found) == {"c": "erasure"}
    assert found.absent_record.is_empty()


def test_a_new_record_beside_a_change_is_not_blamed_for_what_the_model_did(tmp_path):
    edge = {"party_a": [0, 1], "party_b": [1, 2], "kind": ["scored", "sure"]}
    schema = {"party_a": pl.Int32, "party_b": pl.Int32, "kind": pl.String}
    for name, edges in {
        "model": edge,
        "new_evidence": {"party_a": [0, 1], "party_b": [2, 2], "kind": ["sure"] * 2},
    }.items():
        runs = Runs(tmp_path / name)
        runs.run({"a": 1, "b": 2})
        _, found = runs.run(
            {"a": 1, "b": 1, "new": 1}, Differences(model=True, edge=pl.DataFrame(edges, schema=schema))
        )
        assert cause_of(found) == {"b": name}


def test_a_run_that_would_change_more_ids_than_the_budget_allows_stops_and_says_what_to_do():
    change = pl.DataFrame({"cause": ["model"] * 60 + ["new_evidence"] * 5})
    check_churn(change, 10_000, ChurnBudget())
    check_churn(change[:40], 100, ChurnBudget())
    with pytest.raises(ChurnError, match=r"65 of 1,000 known records \(6.5%\).*60 by model, 5 by.*--accept-churn"):
        check_churn(change, 1_000, ChurnBudget())


def test_what_a_party_says_has_one_hash_however_it_is_numbered(world):
    from identity.parties import read_parties

    world.say(1, [("phone", "13900000001"), ("email", "a@example.com")], name="王小伟")
    first = contents(read_parties(world.write()))
    world.say(0, [("phone", "13900000002")])
    both = contents(read_parties(world.write()))
    assert both.join(first, on=["record_id", "role", "content"]).height == 1 and both.height == 2
    world.rows["identifier"][0]["id_value"] = "13900000009"
    assert contents(read_parties(world.write())).join(first, on="content", how="semi").is_empty()


def test_serial_numbers_never_give_one_id_twice():
    ids = one_ids(pl.Series(range(1, 20_001))).to_list()
    assert len(set(ids)) == len(ids)
    assert all(len(i) == 13 and i[0] == "P" for i in ids)


@given(st.lists(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 3), min_size=1), min_size=2, max_size=5))
def test_every_alias_ends_at_a_living_or_absent_id_and_no_id_has_two_lives(tmp_path_factory, histories):
    runs = Runs(tmp_path_factory.mktemp("runs"))
    for clusters in histories:
        ids, found = runs.run(clusters)
        table = status(found)
        assert len(table) == len(found.one_id)
        assert {i for i, (s, _) in table.items() if s == "active"} == set(ids.values())
        for state, heir in table.values():
            assert (state == "merged") == (heir is not None)
        by_cluster = {}
        for record, cluster in clusters.items():
            by_cluster.setdefault(cluster, set()).add(ids[record])
        assert all(len(v) == 1 for v in by_cluster.values())
        assert len({next(iter(v)) for v in by_cluster.values()}) == len(by_cluster)
