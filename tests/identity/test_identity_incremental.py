from dataclasses import replace

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.people_scheme import PEOPLE, frequencies, frozen_model, prepared
from benchmarks.people_table import chunks
from common.errors import UsageError
from identity.scoring.blocking import block
from identity.scoring.cluster import cluster
from identity.scoring.incremental import PeopleStore
from identity.scoring.score import LEAST_WEIGHT, compare_pairs

ROWS = 600


@pytest.fixture(scope="module")
def people():
    # Small blocks, so that days push some of them past their limit; and one name in three is everybody's.
    whole = pl.concat(chunks(ROWS, seed=5)).with_columns(pl.col("city").replace_strict({}, default="310100"))
    return prepared(whole).with_columns(
        pl.when(pl.col("unique_id") % 3 == 0).then(pl.lit("王伟")).otherwise("name").alias("name"),
        pl.when(pl.col("unique_id") % 3 == 0).then(pl.lit("王")).otherwise("surname").alias("surname"),
    )


def at_once(rows):
    """Everything blocked, weighed and clustered in one go, by the stages themselves: pairs and partition."""
    table = rows.sort("unique_id").with_row_index("n").join(
        frequencies(rows)["name"].rename({"value": "name", "tf": "tf_name"}), on="name", how="left"
    )  # fmt: skip
    con = duckdb.connect()
    con.register(
        "rows",
        table.with_columns(pl.col("unique_id").alias("key"), pl.col("n").cast(pl.Int64).alias("unique_id")).to_arrow(),
    )
    con.execute("create table candidate as select * from rows order by unique_id")
    block(con, "candidate", PEOPLE.blocking)
    found = compare_pairs(con, "candidate", "blocked_pairs", frozen_model(ROWS).settings, least_weight=LEAST_WEIGHT)
    pair = con.sql(f"""
        select unique_id_l::bigint as cluster_a, unique_id_r::bigint as cluster_b,
               round(match_weight, 6) as match_weight, false as is_vetoed from {found} order by all
    """).pl()
    label = cluster(len(rows), pair, [], merge_weight=PEOPLE.round_weights[-1]).label
    ids = table["unique_id"].to_numpy()
    pairs = set(zip(ids[pair["cluster_a"]], ids[pair["cluster_b"]], pair["match_weight"], strict=True))
    return pairs, partition(ids, label)


def partition(ids, labels):
    groups = {}
    for record, label in zip(ids, labels, strict=True):
        groups.setdefault(label, set()).add(int(record))
    return {frozenset(group) for group in groups.values()}


def in_days(path, rows, seed):
    """The rows at random over days, in random order: pairs and partition after the last day."""
    random = np.random.default_rng(seed)
    day = random.integers(0, random.integers(2, 7), len(rows))
    order = random.permutation(len(rows))
    n_retired = 0
    for number in np.unique(day):
        today = rows[order[day[order] == number].tolist()]
        with PeopleStore(path, PEOPLE, frozen_model(ROWS), frequencies=frequencies(rows)) as store:
            n_retired += store.add(today).n_retired
            pairs, found = store.pairs(), store.people()
    people = partition(found["unique_id"], found["one_id"])
    return {(a, b, weight) for a, b, weight, _ in pairs.iter_rows()}, people, n_retired


def same(tmp_path, people, seeds):
    pairs, persons = at_once(people)
    n_retired = 0
    for seed in seeds:
        by_day, persons_by_day, retired = in_days(tmp_path / f"{seed}.duckdb", people, seed)
        assert by_day == pairs
        assert persons_by_day == persons
        n_retired += retired
    # The splits have met what is hard: blocks that outgrow their limit.
    assert n_retired > 0
    assert any(len(person) > 2 for person in persons)


def test_day_by_day_gives_the_very_pairs_and_persons_of_all_at_once(tmp_path, people):
    same(tmp_path, people, range(2))


@pytest.mark.slow
def test_thirty_random_splits_into_days_give_what_all_at_once_gives(tmp_path, people):
    same(tmp_path, people, range(100, 130))


def test_a_new_row_touches_its_own_person_and_leaves_every_other_id_alone(tmp_path, people):
    rows, last = people[:-1], people[-1:].with_columns(pl.lit("13912345678").alias("phone"))
    twin = last.with_columns(pl.col("unique_id") + 10_000)
    with PeopleStore(tmp_path / "s.duckdb", PEOPLE, frozen_model(ROWS), frequencies=frequencies(people)) as store:
        store.add(pl.concat([rows, last]))
        before = store.people()
        added = store.add(twin)
        after = store.people()
    assert added.n_touched < 20 and added.n_changed == 0 and added.n_new_ids == 0
    assert before.join(after, on=["unique_id", "one_id"]).height == ROWS
    assert (
        after.filter(pl.col("unique_id").is_in([last["unique_id"][0], twin["unique_id"][0]]))["one_id"].n_unique() == 1
    )


def test_a_batch_that_fails_leaves_the_store_as_it_was(tmp_path, people):
    with PeopleStore(tmp_path / "s.duckdb", PEOPLE, frozen_model(ROWS), frequencies=frequencies(people)) as store:
        store.add(people[:100])
        before = store.people(), store.pairs()
        with pytest.raises(duckdb.Error):
            store.add(people[100:200].with_columns(pl.lit("x" * 400).alias("birth_date")))
        assert store.people().equals(before[0]) and store.pairs().equals(before[1])


# Blocks of four rows at most: a row that leaves lets others meet that its presence kept apart.
NARROW = replace(PEOPLE, blocking=tuple(replace(rule, largest_block=4) for rule in PEOPLE.blocking))
# Each row may say two things; a few names, phones, birth dates and cities, so that everybody meets many others.
SAYINGS = [
    {
        "unique_id": n, "name": "王李张"[n % 3] + "伟芳"[v], "surname": "王李张"[n % 3],
        "phone": f"1390000000{(n + v) % 5}" if (n + v) % 4 else None,
        "email": f"{'abc'[n % 3]}@{'xy'[v]}.com" if n % 2 else None, "email_name": "abc"[n % 3] if n % 2 else None,
        "birth_date": f"198{(n * 7 + v) % 4}-01-0{1 + n % 2}", "city": ["310100", "110100"][(n + v) % 2],
    }
    for n in range(24)
    for v in range(2)
]  # fmt: skip
SPOKEN = pl.DataFrame(SAYINGS).with_columns(pl.col("birth_date").str.to_date())


def spoken(said):
    """Rows by their number, each with which of its two sayings."""
    return SPOKEN[[2 * n + v for n, v in sorted(said.items())]]


def opened(path):
    return PeopleStore(path, NARROW, frozen_model(100), frequencies=frequencies(SPOKEN))


row_numbers = st.integers(0, 23)
batches = st.lists(
    st.tuples(
        st.dictionaries(row_numbers, st.integers(0, 1), max_size=12),
        st.sets(row_numbers, max_size=6),
        st.sampled_from(["source_gone", "erasure"]),
    ),
    min_size=2,
    max_size=4,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches)
def test_rows_that_come_change_and_leave_end_as_a_store_that_only_ever_had_what_is_left(tmp_path, steps):
    said, path = {}, tmp_path / "s.duckdb"
    path.unlink(missing_ok=True)
    with opened(path) as store:
        for given_now, leaving, cause in steps:
            before = dict(store.people().iter_rows())
            store.change(spoken(given_now))
            said |= given_now
            left = store.remove(leaving, cause=cause)
            assert left.n_removed == len(said.keys() & leaving)
            said = {n: v for n, v in said.items() if n not in leaving}
            check_ids(store, before)
        found, pairs = store.people(), store.pairs()
    path.unlink()
    with opened(path) as store:
        if said:
            store.add(spoken(said))
        rebuilt = store.people()
        assert pairs.equals(store.pairs())
    assert partition(found["unique_id"], found["one_id"]) == partition(rebuilt["unique_id"], rebuilt["one_id"])


def check_ids(store, before):
    """Ids in use are nobody's alias, aliases lead to ids in use, and every change is told with its cause."""
    now, aliases, changes = dict(store.people().iter_rows()), dict(store.aliases().iter_rows()), store.changes()
    assert not set(now.values()) & set(aliases)
    assert {into for into in aliases.values() if into} <= set(now.values())
    assert set(before.values()) <= set(now.values()) | set(aliases)
    told = set(changes["unique_id"])
    assert all(n in told for n, one_id in before.items() if n in now and now[n] != one_id)
    assert set(changes["cause"]) <= {"new_evidence", "source_gone", "source_back", "erasure"}


BRIDGE = [  # 0 and 2 have nothing in common but 1
    {"unique_id": n, "name": "王伟", "surname": "王", "phone": phone, "email": mail, "email_name": mail and mail[0],
     "birth_date": None, "city": None}
    for n, (phone, mail) in enumerate([("13911111111", None), ("13911111111", "a@x.com"), (None, "a@x.com")])
]  # fmt: skip


def test_who_was_one_only_through_a_row_that_left_is_two_people_again_and_one_when_it_is_back(tmp_path):
    rows = pl.DataFrame(BRIDGE, schema_overrides={"birth_date": pl.Date, "city": pl.String})
    with opened(tmp_path / "s.duckdb") as store:
        store.add(rows)
        [(_, first)] = store.people().group_by("one_id").len().select(pl.col("len"), "one_id").rows()
        left = store.remove([1])
        assert (left.n_touched, left.n_removed, left.n_new_ids, left.n_changed) == (2, 1, 1, 1)
        assert store.people()["one_id"].to_list()[0] == first and store.people()["one_id"].n_unique() == 2
        assert store.changes()["cause"].to_list() == ["source_gone"]
        store.add(rows[1:2])
        assert store.people()["one_id"].to_list() == [first] * 3
        assert store.aliases()["merged_into"].to_list() == [first]


def test_what_is_erased_is_remembered_nowhere_and_its_id_is_never_given_again(tmp_path):
    rows = pl.DataFrame(BRIDGE, schema_overrides={"birth_date": pl.Date, "city": pl.String})
    path = tmp_path / "s.duckdb"
    with opened(path) as store:
        store.add(rows[2:])
        [(_, before)] = store.people().rows()
        store.remove([2])
        store.remove([2], cause="erasure")
        assert store.remove([2, 99]).n_removed == 0
    con = duckdb.connect(str(path))
    for table in ("row", "block", "pair", "person", "absent", "id_change"):
        assert con.sql(f'select count(*) from "{table}"').fetchall() == [(0,)]
    con.close()
    with opened(path) as store:
        store.add(rows[2:])
        assert store.people()["one_id"].to_list() != [before]
        assert store.aliases().rows() == [(before, None)]


def test_a_row_that_is_there_is_added_only_as_a_change_and_leaves_only_for_a_reason(tmp_path):
    with opened(tmp_path / "s.duckdb") as store:
        store.add(SPOKEN[[0]])
        with pytest.raises(UsageError, match=r"change\(\)"):
            store.add(SPOKEN[[1]])
        with pytest.raises(UsageError, match="source_gone or erasure"):
            store.remove([0], cause="boredom")
        assert store.change(SPOKEN[[1]]).n_changed_rows == 1
