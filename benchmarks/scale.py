"""Time, memory and quality on a large table of people, beside plain Splink 5 with its own blocking and with ours.

Run: python -m benchmarks.scale --rows 1000000 [--memory-limit 2GB] [--only guiyi]
The table is made by `benchmarks.people_table`. Each contender runs in a process of its own, one after another.
"Plain Splink" is what its documentation leads to: phone, e-mail, name and birth date, name and city, and birth date,
city and surname as blocking rules, identifiers on more than 20 rows nulled, u from 1e6 pairs, EM on phone and on name
and birth date, connected components at p >= 0.9. "Splink, our pairs" scores the pairs that our blocking finds, its
clock standing still while ours finds them.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl

from benchmarks.people_table import write
from benchmarks.report import machine, write_result
from identity.people.describe import describe
from identity.people.features import make_candidates
from identity.people.pairs import block
from identity.people.quality import partition_quality
from identity.people.resolve import Tell, resolve_table
from identity.people.roles import ColumnMap
from identity.people.scheme import people_scheme
from identity.people.table import read_tables

# The person of each record by record_id, how many pairs were compared, and seconds (wall, CPU) that do not count.
Measured = tuple[pl.Series, int, tuple[float, float]]
CONTENDERS = {"guiyi": "Guiyi", "splink": "plain Splink 5", "splink_our_pairs": "Splink 5, our pairs"}
LARGEST_BLOCK = 20
CLUSTER_AT = 0.9
SEED = 1


def main() -> None:
    """Runs the contenders one after another and writes the table."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--memory-limit", default=None, help="of DuckDB, for every contender")
    arguments.add_argument("--only", choices=CONTENDERS, default=None)
    arguments.add_argument("--child", nargs=2, metavar=("CONTENDER", "TABLE"), help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.child:
        print(json.dumps(_measure(options.child[0], Path(options.child[1]), options.memory_limit)))
        return
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="guiyi-scale-") as folder:
        table = Path(folder) / "people.parquet"
        write(table, options.rows, SEED)
        found = {
            name: _in_own_process(name, table, options.memory_limit)
            for name in ([options.only] if options.only else CONTENDERS)
        }
    if not options.only:
        _report(found, options.rows, options.memory_limit, load)
    else:
        print(json.dumps(found, indent=1))


def _in_own_process(contender: str, table: Path, memory_limit: str | None) -> dict[str, Any]:
    limit = ["--memory-limit", memory_limit] if memory_limit else []
    command = [sys.executable, "-m", "benchmarks.scale", "--child", contender, str(table), *limit]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return dict(json.loads(told.splitlines()[-1]))


def _measure(contender: str, table: Path, memory_limit: str | None) -> dict[str, Any]:
    if contender != "guiyi":
        import splink.comparison_library  # noqa: F401  # nobody's clock runs while the contender is imported
    started, cpu = time.perf_counter(), time.process_time()
    stages: list[tuple[str, float, float]] = []

    def tell(share: float, text: str) -> None:
        stages.append((text, time.perf_counter() - started, time.process_time() - cpu))

    person, n_pairs, aside = _RUN[contender](table, memory_limit, tell)
    seconds = time.perf_counter() - started - aside[0]
    cpu_seconds = time.process_time() - cpu - aside[1]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    truth = pl.read_parquet(table, columns=["record_id", "person_id"]).sort("record_id")["person_id"]
    quality = partition_quality(person, truth)
    return {
        "seconds": seconds, "cpu": cpu_seconds, "stages": stages, "gigabytes": memory, "pairs": n_pairs,
        "pairwise_f1": quality.pairwise_f1, "b_cubed_f1": quality.b_cubed_f1,
    }  # fmt: skip


def _guiyi(table: Path, memory_limit: str | None, tell: Tell) -> Measured:
    found = resolve_table(table, truth=None, memory_limit=memory_limit, column_map=_map(), tell=tell)
    return found.people.sort(pl.col("record_id").cast(pl.Int64))["person_id"], found.n_pairs, (0.0, 0.0)


def _map() -> ColumnMap:
    roles = {"record_id": "record_id", "name": "full_name", "phone": "phone", "email": "email",
             "birth_date": "birth_date", "city": "city", "person_id": "ignore"}  # fmt: skip
    return ColumnMap(columns=roles)


def _splink(table: Path, memory_limit: str | None, tell: Tell) -> Measured:
    return _with_splink(table, memory_limit, our_pairs=False)


def _splink_our_pairs(table: Path, memory_limit: str | None, tell: Tell) -> Measured:
    return _with_splink(table, memory_limit, our_pairs=True)


_RUN = {"guiyi": _guiyi, "splink": _splink, "splink_our_pairs": _splink_our_pairs}


def _with_splink(table: Path, memory_limit: str | None, *, our_pairs: bool) -> Measured:
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    with tempfile.TemporaryDirectory(prefix="guiyi-splink-") as folder:
        con = duckdb.connect(str(Path(folder) / "splink.duckdb") if memory_limit else ":memory:")
        if memory_limit:
            con.execute("set memory_limit = ?", [memory_limit])
        con.execute("set enable_progress_bar = false")
        con.execute(f"""
            create table person as
            select record_id as unique_id, name, substr(name, 1, 1) as surname, birth_date, city,
                   case when count(*) over (partition by phone) <= {LARGEST_BLOCK} then phone end as phone,
                   case when count(*) over (partition by email) <= {LARGEST_BLOCK} then email end as email
            from '{table}'
        """)
        keys = (("phone",), ("email",), ("name", "birth_date"), ("name", "city"), ("birth_date", "city", "surname"))
        rules: list[Any] = [block_on(*columns) for columns in keys]
        settings = SettingsCreator(
            link_type="dedupe_only",
            blocking_rules_to_generate_predictions=rules,
            comparisons=[  # as its own examples for such columns
                cl.JaroWinklerAtThresholds("name", [0.8]).configure(term_frequency_adjustments=True),
                cl.LevenshteinAtThresholds("phone", 1),
                cl.LevenshteinAtThresholds("email", 2),
                cl.ExactMatch("birth_date"),
                cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            ],
        )
        api = DuckDBAPI(connection=con)
        linker = Linker(api.register("person"), settings, log_level="ERROR")
        training = linker.training
        training.estimate_probability_two_random_records_match(rules[:3], recall=0.8)
        training.estimate_u_using_random_sampling(max_pairs=1e6)
        training.estimate_parameters_using_expectation_maximisation(block_on("phone"))
        training.estimate_parameters_using_expectation_maximisation(block_on("name", "birth_date"))
        aside = 0.0, 0.0
        if our_pairs:
            since = time.perf_counter(), time.process_time()
            _block_as_we_do(con, table)
            aside = time.perf_counter() - since[0], time.process_time() - since[1]
            linker.table_management.register_blocked_pairs_for_predict(api.register("blocked_pairs"))
        predicted = linker.inference.predict(threshold_match_probability=0.5)
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(
            predicted, threshold_match_probability=CLUSTER_AT
        )
        n_pairs = con.sql("select count(*) from blocked_pairs").fetchall()[0][0] if our_pairs else _n_pairs(linker)
        name = clusters.physical_name
        label = con.sql(f"select cluster_id from {name} order by unique_id").pl()["cluster_id"]
        con.close()
        return label, int(n_pairs), aside


def _block_as_we_do(con: duckdb.DuckDBPyConnection, table: Path) -> None:
    """The pairs of our blocking rules, and rows that say the same with the first of them, by record_id."""
    own = duckdb.connect()
    read_tables(own, [table])
    described = describe(own, _map())
    candidates = make_candidates(own, described, han=True)
    pairs, _ = block(own, candidates, people_scheme(candidates.columns, candidates.n, han=True).blocking)
    own.close()
    record = pl.read_parquet(table, columns=["record_id"])["record_id"].to_numpy()
    first = np.full(described.n, np.iinfo(np.int64).max)
    np.minimum.at(first, described.of_row, record)
    others = record != first[described.of_row]
    left = np.concatenate([first[pairs.left], first[described.of_row][others]])
    right = np.concatenate([first[pairs.right], record[others]])
    found = pl.DataFrame({"join_key_l": np.minimum(left, right), "join_key_r": np.maximum(left, right)})
    con.register("found", found.to_arrow())
    con.execute("create or replace table blocked_pairs as select '0' as match_key, * from found")
    con.unregister("found")


def _n_pairs(linker: Any) -> int:
    blocked = linker.inference.compute_blocked_pairs_for_predict()
    return len(blocked.as_duckdbpyrelation())


def _report(found: dict[str, dict[str, Any]], n_rows: int, memory_limit: str | None, load: float) -> None:
    peer = found["splink"]["seconds"]
    limit = f" --memory-limit {memory_limit}" if memory_limit else ""
    text = [
        f"# {n_rows:,} rows of made-up people",
        "",
        f"Made by `python -m benchmarks.scale --rows {n_rows}{limit}`. {machine()}",
        "",
        "Wall and CPU seconds from file to partition, peak memory of the process. Splink on our pairs has the same "
        "blocking for nothing: what finding the pairs costs (the first three stages below) is not counted, its memory "
        "is. Load average "
        f"before and after: {load:.1f} and {os.getloadavg()[0]:.1f}; above the number of cores others were at work on "
        "the machine, wall seconds are longer than need be, and CPU seconds (of all threads) say more.",
        "",
        "| | wall s | of Splink's | CPU s | of Splink's | GB | pairs a row | pairwise F1 | B³ F1 |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, one in found.items():
        text.append(
            f"| {CONTENDERS[name]} | {one['seconds']:.1f} | {one['seconds'] / peer:.2f} | {one['cpu']:.1f} "
            f"| {one['cpu'] / found['splink']['cpu']:.2f} | {one['gigabytes']:.2f} | {one['pairs'] / n_rows:.2f} "
            f"| {one['pairwise_f1']:.4f} | {one['b_cubed_f1']:.4f} |"
        )
    text += ["", "## Where Guiyi's time goes", "", "| stage | wall s | CPU s |", "|---|---|---|"]
    stages = found["guiyi"]["stages"]
    for (stage, wall, cpu), (_, wall_after, cpu_after) in pairwise(stages):
        text.append(f"| {stage} | {wall_after - wall:.1f} | {cpu_after - cpu:.1f} |")
    suffix = f"_{memory_limit}" if memory_limit else ""
    write_result(f"scale_{n_rows}{suffix}", text)


if __name__ == "__main__":
    main()
