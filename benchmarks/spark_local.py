"""`guiyi resolve` on Spark in local mode beside DuckDB, on one table of made-up people.

Run: python -m benchmarks.spark_local --rows 1000000
The table is made by `benchmarks.people_table`. Both engines run in processes of their own, one after the other; their
people are compared. Spark's clock starts before its session does. Its memory is that of all its processes together
(Python, the JVM and its workers), looked at twice a second.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.people_table import write
from benchmarks.report import machine, write_result
from benchmarks.scale import _map
from identity.people.quality import partition_quality
from identity.people.resolve import resolve_table

SEED = 1
ENGINES = ("duckdb", "spark")


def main() -> None:
    """Runs both engines and writes the table."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--rows", type=int, default=1_000_000)
    arguments.add_argument("--child", nargs=3, metavar=("ENGINE", "TABLE", "OUT"), help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.child:
        engine, table, out = options.child
        print(json.dumps(_measure(engine, Path(table), Path(out))))
        return
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="guiyi-spark-local-") as folder:
        table = Path(folder) / "people.parquet"
        write(table, options.rows, SEED)
        found = {name: _in_own_process(name, table, Path(folder) / f"{name}.parquet") for name in ENGINES}
        one, other = (pl.read_parquet(Path(folder) / f"{name}.parquet")["person_id"] for name in ENGINES)
        n_differing = int((one != other).sum())
        truth = pl.read_parquet(table, columns=["person_id"])["person_id"]
        quality = [partition_quality(people, truth) for people in (one, other)]
    rows = []
    for name, measured in zip(ENGINES, quality, strict=True):
        its = found[name]
        rows.append(
            f"| {name} | {its['seconds']:.1f} | {its['seconds'] / found['duckdb']['seconds']:.1f} | "
            f"{its['gigabytes']:.2f} | {its['pairs']:,} | {measured.pairwise_f1:.4f} | {measured.b_cubed_f1:.4f} |"
        )
    stages = {name: _stages(found[name]["stages"]) for name in ENGINES}
    write_result(
        f"spark_local_{options.rows}",
        [
            f"# {options.rows:,} rows on Spark in local mode",
            "",
            f"Made by `python -m benchmarks.spark_local --rows {options.rows}`. {machine()}",
            "",
            "Wall seconds from file to partition, Spark's start included; memory of all processes. Load average before "
            f"and after: {load:.1f} and {os.getloadavg()[0]:.1f}; above the number of cores others were at work on the "
            "machine: trust the ratio.",
            "",
            "| engine | s | of DuckDB's | GB | pairs | pairwise F1 | B³ F1 |",
            "|---|---|---|---|---|---|---|",
            *rows,
            "",
            f"Rows whose person differs between the two: **{n_differing}**.",
            "",
            "## Where the time goes",
            "",
            "| stage | duckdb s | spark s |",
            "|---|---|---|",
            *(
                f"| {stage} | {stages['duckdb'][stage]:.1f} | {stages['spark'][stage]:.1f} |"
                for stage in stages["spark"]
            ),
        ],
    )


def _stages(told: list[tuple[float, str]]) -> dict[str, float]:
    return {stage: after - at for (at, stage), (after, _) in pairwise(told)}


def _in_own_process(engine: str, table: Path, out: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.spark_local", "--child", engine, str(table), str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as child:
        most = 0
        while child.poll() is None:
            most = max(most, _memory(child.pid))
            time.sleep(0.5)
        told = child.stdout.read() if child.stdout else ""
    if child.returncode:
        raise SystemExit(f"{engine} failed; run {' '.join(command)} to see why.")
    return {**json.loads(told.splitlines()[-1]), "gigabytes": most / 2**30}


def _memory(pid: int) -> int:
    """Bytes of a process and all below it."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except (OSError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") + sum(_memory(int(child)) for child in below)


def _measure(engine: str, table: Path, out: Path) -> dict[str, Any]:
    started = time.perf_counter()
    stages: list[tuple[float, str]] = [(0.0, "starting")]
    found = resolve_table(
        table, _map(), engine=engine, tell=lambda share, text: stages.append((time.perf_counter() - started, text))
    )
    seconds = time.perf_counter() - started
    found.people.select("person_id").write_parquet(out)
    return {"seconds": seconds, "stages": stages, "pairs": found.n_pairs}


if __name__ == "__main__":
    main()
