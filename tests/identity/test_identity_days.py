"""Day by day and all at once: what a run finds does not depend on how the records came."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from identity.keeping.keeping import Keeping
from identity.pipeline import resolve
from simulator.world import simulate
from touchpoints.ingest import ingest


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A small simulated brand as canonical tables."""
    folder = tmp_path_factory.mktemp("days")
    simulate(200, 11, folder, as_of=date(2026, 11, 20), years=1)
    ingest(folder / "landing", lake=folder / "lake", out=folder / "touchpoints", key=b"k")
    return folder / "touchpoints"


@pytest.fixture(scope="module")
def full(files, tmp_path_factory):
    """All records at once, the first run of a home: its tables, and beside them the model with its frozen figures."""
    out = tmp_path_factory.mktemp("home") / "full"
    run(files, out, out.parent / "models")
    return out


@pytest.fixture(scope="module")
def models(full):
    return full.parent / "models"


def run(touchpoints, out, models, previous=None):
    keeping = Keeping(private=previous and previous / "private", accept_churn=True)
    return resolve(
        touchpoints, public=out / "public", private=out / "private", previous=previous and previous / "public",
        models=models, key=b"k", run_id=out.name, keeping=keeping,
    )  # fmt: skip


def until(files, out, day_of, day):
    """The canonical tables with the records that had come by a day."""
    out.mkdir(parents=True)
    known = day_of.filter(pl.col("day") <= day).select("record_id")
    for path in files.glob("*.parquet"):
        table = pl.read_parquet(path)
        is_of_records = "record_id" in table.columns
        (table.join(known, on="record_id", how="semi") if is_of_records else table).write_parquet(out / path.name)
    return out


def persons(out):
    found = pl.read_parquet(out / "public" / "record_map.parquet")
    groups = found.group_by("one_id").agg(pl.concat_str("record_id", "role", separator="@"))
    return {frozenset(group) for group in groups["record_id"]}


def in_days(files, models, folder, seed, n_days, *, as_they_came=False):
    """The records at random over days, or in the order of time; the last day's run and its report."""
    columns = ["record_id", pl.coalesce("occurred_at", "version_at").alias("at")]
    record = pl.read_parquet(files / "record.parquet").select(columns).sort("record_id")
    random = np.random.default_rng(seed)
    days = random.integers(0, n_days, len(record))
    if as_they_came:
        cuts = np.sort(random.choice(len(record), n_days - 1, replace=False))
        days = np.searchsorted(cuts, record["at"].rank("ordinal").to_numpy(), side="left")
    day_of = record.with_columns(pl.Series("day", days))
    last, report = None, None
    for day in range(n_days):
        out = folder / f"day{day}"
        report = run(until(files, folder / f"files{day}", day_of, day), out, models, last)
        last = out
    return last, report


def test_day_by_day_gives_the_persons_and_edges_of_a_full_rebuild(files, models, full, tmp_path):
    last, report = in_days(files, models, tmp_path / "days", 1, 2)
    assert persons(last) == persons(full)
    assert 0 < report.n_pairs_reused < report.n_pairs_scored
    columns = ["record_a", "role_a", "record_b", "role_b", "kind", "rule", "match_weight", "evidence"]
    edges = [pl.read_parquet(out / "public" / "edge.parquet").select(columns) for out in (last, full)]
    assert edges[0].equals(edges[1])


@pytest.mark.slow
def test_eight_splits_into_days_give_the_persons_of_a_full_rebuild(files, models, full, tmp_path):
    whole = persons(full)
    for seed in range(8):
        last, _ = in_days(files, models, tmp_path / f"split{seed}", seed, 2 + seed // 2, as_they_came=bool(seed % 2))
        assert persons(last) == whole, seed


def test_a_second_run_weighs_no_pair_again_and_changes_no_id(files, models, full, tmp_path):
    again = run(files, tmp_path / "again", models, full)
    assert again.n_pairs_reused >= again.n_pairs_scored > 0
    assert again.n_changed_records == 0 and again.n_new_ids == 0


def test_a_source_that_is_taken_out_and_put_back_brings_every_id_back(files, models, full, tmp_path):
    record = pl.read_parquet(files / "record.parquet", columns=["record_id", "source"])
    day_of = record.select("record_id", pl.when(pl.col("source") == "youzan").then(2).otherwise(1).alias("day"))
    run(until(files, tmp_path / "without", day_of, 1), tmp_path / "b", models, full)
    run(files, tmp_path / "c", models, tmp_path / "b")
    before, after = (pl.read_parquet(out / "public" / "record_map.parquet") for out in (full, tmp_path / "c"))
    assert before.equals(after)
