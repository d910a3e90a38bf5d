"""The whole job on a simulated brand, stage by stage: seconds, rows, peak memory.

Run: python -m benchmarks.whole_job --people 100000
The job runs in a process of its own, so that its peak memory is its own. Measured against the budget of two minutes
and 4 GB at 100,000 people on two cores.
"""

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from datetime import date
from pathlib import Path

import duckdb

from benchmarks.report import machine, write_result
from simulator.world import simulate

AS_OF = date(2026, 10, 31)
BUDGET_SECONDS, BUDGET_GB = 120, 4
# Steps are told by their first part; what remains are the SQL models.
STAGES = {
    "touchpoints": "touchpoints: read, normalise, canonical tables",
    "identity": "identity: OneIDs and golden records",
    "profiles": "profiles: thresholds, value models, tags",
    "gate": "gates (Great Expectations)",
    "warehouse": "warehouse: assemble, check, publish",
    "segments": "segments: six audiences to CSV",
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--people", type=int, default=100_000)
    arguments.add_argument("--seed", type=int, default=20261121)
    arguments.add_argument("--job", type=Path, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.job:
        _job(options.job)
        return
    folder = Path(tempfile.mkdtemp(prefix="guiyi-job-"))
    try:
        _measure(options.people, options.seed, folder)
    finally:
        shutil.rmtree(folder)


def _job(folder: Path) -> None:
    """In the measured process: one run; prints its steps."""
    from pipelines.run import run_job
    from warehouse.home import Home

    outcome = run_job(Home(folder / "home"), folder / "landing", AS_OF)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps({"steps": outcome.steps, "peak_gb": usage.ru_maxrss / 1e6, "cpu": usage.ru_utime + usage.ru_stime})
    )


def _measure(people: int, seed: int, folder: Path) -> None:
    started = time.perf_counter()
    simulate(people, seed, folder, as_of=AS_OF)
    simulated = time.perf_counter() - started
    runs = []
    for _ in ("first", "second"):
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.whole_job", "--job", str(folder)],
            check=True, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        told = json.loads(done.stdout.splitlines()[-1])
        runs.append({"wall": time.perf_counter() - started, **told})
    write_result(f"whole_job_{people}", _page(people, seed, simulated, runs, folder / "home" / "warehouse.duckdb"))


def _page(people: int, seed: int, simulated: float, runs: list[dict], warehouse: Path) -> list[str]:
    con = duckdb.connect(str(warehouse), read_only=True)
    counts = {
        what: con.sql(f"select count(*) from {table}").fetchall()[0][0]
        for what, table in (
            ("identity records (parties)", "identity.record_map"), ("events", "core.events"),
            ("orders", "core.orders"), ("OneIDs", "customer.customer_360"),
        )
    }  # fmt: skip
    first, second = (_by_stage(run["steps"]) for run in runs)
    lines = [
        f"# The whole job: {people:,} simulated people, seed {seed}",
        "",
        ", ".join(f"{n:,} {what}" for what, n in counts.items()) + f". Simulating the files took {simulated:.0f} s. "
        f"The second run reads the same files again, parsed before, with the model trained before. {machine()}",
        "",
        "| stage | first run, s | second run, s |",
        "|---|---:|---:|",
    ]
    lines += [f"| {stage} | {first[stage]:.1f} | {second[stage]:.1f} |" for stage in first]
    lines += [
        f"| **whole process, wall** | **{runs[0]['wall']:.1f}** | **{runs[1]['wall']:.1f}** |",
        f"| processor time | {runs[0]['cpu']:.1f} | {runs[1]['cpu']:.1f} |",
        f"| peak memory, GB | {runs[0]['peak_gb']:.2f} | {runs[1]['peak_gb']:.2f} |",
        f"| ratio to the budget of {BUDGET_SECONDS} s | {runs[0]['wall'] / BUDGET_SECONDS:.2f} "
        f"| {runs[1]['wall'] / BUDGET_SECONDS:.2f} |",
        f"| ratio to the budget of {BUDGET_GB} GB | {runs[0]['peak_gb'] / BUDGET_GB:.2f} "
        f"| {runs[1]['peak_gb'] / BUDGET_GB:.2f} |",
    ]
    return lines


def _by_stage(steps: dict[str, float]) -> dict[str, float]:
    seconds: dict[str, float] = defaultdict(float)
    for step, taken in steps.items():
        first = step.split("__")[0].split("_")[0]
        seconds[STAGES.get(first, "SQL models with their tests")] += taken
    return dict(seconds)


if __name__ == "__main__":
    main()
