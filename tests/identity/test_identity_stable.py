import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from identity.parties import Parties
from identity.stable import assign, one_ids


def parties(*records):
    party = pl.DataFrame({"record_id": list(records), "role": ["member"] * len(records)}).with_row_index("party")
    return Parties(party.with_columns(pl.col("party").cast(pl.Int32)), pl.DataFrame())


class Runs:
    """Runs one after another in a folder, each on the last one's tables."""

    def __init__(self, folder):
        self.folder, self.previous, self.n = folder, None, 0

    def run(self, clusters):
        """`clusters`: record → cluster label; gives record → OneID and the run's identities."""
        self.n += 1
        records = sorted(clusters)
        labels = np.unique([clusters[r] for r in records], return_inverse=True)[1].astype(np.int64)
        found = assign(parties(*records), labels, self.previous, f"r{self.n}")
        self.previous = self.folder / f"r{self.n}"
        self.previous.mkdir(parents=True)
        ids = dict(zip(records, found.of_party["one_id"], strict=True))
        pl.DataFrame(
            {"record_id": records, "role": ["member"] * len(records), "one_id": [ids[r] for r in records]}
        ).write_parquet(self.previous / "record_map.parquet")
        found.one_id.write_parquet(self.previous / "one_id.parquet")
        found.absent_record.write_parquet(self.previous / "absent_record.parquet")
        return ids, found


def status(found):
    return {r["one_id"]: (r["status"], r["merged_into"]) for r in found.one_id.iter_rows(named=True)}


def test_a_run_on_the_same_records_changes_no_id(tmp_path):
    runs = Runs(tmp_path)
    first, _ = runs.run({"a": 1, "b": 1, "c": 2})
    second, found = runs.run({"c": 7, "b": 3, "a": 3})
    assert first == second
    assert found.change.is_empty()


def test_of_a_merge_the_oldest_id_survives_and_the_other_becomes_its_alias(tmp_path):
    runs = Runs(tmp_path)
    before, _ = runs.run({"a": 1, "b": 2, "c": 2})
    after, found = runs.run({"a": 1, "b": 1, "c": 1})
    assert set(after.values()) == {before["a"]}
    assert status(found)[before["b"]] == ("merged", before["a"])
    assert sorted(found.change["record_id"]) == ["b", "c"]
    assert set(found.change["cause"]) == {"new_evidence"}


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
