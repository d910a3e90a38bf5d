import duckdb
import numpy as np
import polars as pl
import pytest

from benchmarks.people_scheme import PEOPLE, frequencies, frozen_model, prepared
from benchmarks.people_table import chunks
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
