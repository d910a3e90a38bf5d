"""New rows into a store of millions: seconds of identity work, and that the partition is the one of all rows at once.

Run: python -m benchmarks.incremental --rows 5000000 --new 10000
Peers, in the same run: the store built with all rows at once, and Splink 5's own predict_between and predict_within on
the same rows, model and term frequencies, which score the new rows' pairs and leave clusters and ids to the caller.
"""

import argparse
import logging
import shutil
import tempfile
import time
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import duckdb
import polars as pl

from benchmarks.people_scheme import PEOPLE, frequencies, frozen_model, prepared
from benchmarks.people_table import chunks
from benchmarks.report import machine, write_result
from identity.scoring.incremental import Added, PeopleStore

LOOSE = [
    "l.phone = r.phone", "l.email = r.email", "l.name = r.name and l.birth_date = r.birth_date",
    "l.name = r.name and l.city = r.city",
    "l.birth_date = r.birth_date and l.surname = r.surname and l.city = r.city",
]  # fmt: skip


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--rows", type=int, default=5_000_000)
    arguments.add_argument("--new", type=int, default=10_000)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--memory", default="8GB", help="DuckDB's limit.")
    options = arguments.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="guiyi-incremental-"))
    try:
        _run(options.rows, options.new, options.seed, options.memory, folder)
    finally:
        shutil.rmtree(folder)


def _run(rows: int, new: int, seed: int, memory: str, folder: Path) -> None:
    whole = pl.concat(prepared(chunk) for chunk in chunks(rows + new, seed))
    old, late = whole[:rows], whole[rows:]
    told = frequencies(old)
    model = frozen_model(rows)

    def build(name: str, *batches: pl.DataFrame) -> tuple[list[str], list[Added], pl.DataFrame]:
        seconds, added = [], []
        with PeopleStore(folder / name, PEOPLE, model, frequencies=told, memory_limit=memory) as store:
            for batch in batches:
                started = time.perf_counter(), time.process_time()
                added.append(store.add(batch))
                seconds.append(_since(*started))
            return seconds, added, store.people()

    seconds, added, by_day = build("by_day.duckdb", old, late)
    full_seconds, full, at_once = build("at_once.duckdb", whole)
    differing = _differing(by_day, at_once)
    splink_seconds, splink_pairs = _splink(old, late, told, model.settings, memory)
    day = added[1]
    write_result(
        f"incremental_{rows}",
        [
            f"# {new:,} new rows into {rows:,}",
            "",
            f"The table of `benchmarks/people_table.py`, seed {seed}; DuckDB limited to {memory}. {machine()}",
            "",
            "| | seconds | of CPU | pairs scored | rows whose person was worked out | |",
            "|---|---|---|---|---|---|",
            f"| **Guiyi: new rows into the store, ids kept, written to disk** | {seconds[1]} | {day.n_pairs:,} "
            f"({day.n_pairs / new:.1f} a row) | {day.n_touched:,} | {day.n_new_ids:,} ids given, {day.n_changed:,} "
            f"earlier rows changed theirs, {day.n_retired:,} pairs of outgrown blocks given up |",
            f"| Guiyi: all rows at once | {full_seconds[0]} | {full[0].n_pairs:,} "
            f"({full[0].n_pairs / (rows + new):.1f} a row) | {full[0].n_touched:,} | |",
            f"| Splink 5 predict_between + predict_within, scores only, in memory | {splink_seconds} | "
            f"{splink_pairs:,} above p = 0.5 | – | no clusters, no ids, blocks without limit |",
            "",
            f"Persons that differ from those of all rows at once: **{differing}** of {at_once['one_id'].n_unique():,}.",
        ],
    )


def _since(wall: float, cpu: float) -> str:
    """Two cells: wall seconds, and seconds of CPU, which other work on the machine changes less."""
    return f"{time.perf_counter() - wall:.2f} | {time.process_time() - cpu:.2f}"


def _differing(one: pl.DataFrame, other: pl.DataFrame) -> int:
    """Persons of one partition that the other does not have, row for row."""
    groups = []
    for people in (one, other):
        first = people.with_columns(pl.col("unique_id").min().over("one_id").alias("first"))
        groups.append(first.select("unique_id", "first").sort("unique_id"))
    both = groups[0].join(groups[1], on="unique_id", suffix="_other")
    return both.filter(pl.col("first") != pl.col("first_other"))["first"].n_unique() + abs(len(one) - len(other))


def _splink(
    old: pl.DataFrame, late: pl.DataFrame, told: dict[str, pl.DataFrame], settings: dict[str, object], memory: str
) -> tuple[str, int]:
    from splink import DuckDBAPI, Linker

    logging.getLogger("splink").setLevel(logging.ERROR)
    con = duckdb.connect(config={"memory_limit": memory})
    lookup = told["name"].rename({"value": "name", "tf": "tf_name"})
    for name, frame in (("old_rows", old), ("new_rows", late), ("name_frequency", lookup)):
        con.register("given", frame.to_arrow())
        con.execute(f"create table {name} as select * from given")
        con.unregister("given")
    api = DuckDBAPI(connection=con)
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        before, after = api.register("old_rows"), api.register("new_rows")
        given = {**settings, "blocking_rules_to_generate_predictions": LOOSE}
        given |= {"retain_matching_columns": False, "retain_intermediate_calculation_columns": False}
        linker = Linker(before, given, log_level="ERROR")
        linker.table_management.register_term_frequency_lookup(api.register("name_frequency"), "name")
        started = time.perf_counter(), time.process_time()
        found = [
            linker.inference.predict_between(before, after, threshold_match_probability=0.5),
            linker.inference.predict_within(after, threshold_match_probability=0.5),
        ]
        seconds = _since(*started)
    n = sum(con.sql(f"select count(*) from {one.physical_name}").fetchall()[0][0] for one in found)
    con.close()
    return seconds, n


if __name__ == "__main__":
    main()
