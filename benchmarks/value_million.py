"""All value columns of a million customers, beside lifetimes on the same purchases, each in a process of its own.

    python -m benchmarks.value_million [--customers 1000000]

Purchases are drawn from MBG/NBD with CDNOW's parameters over three years and Gamma-Gamma values. Guiyi reads the
purchases as the models leave them and makes every column of customer.clv, the back-test, the calibration and the
equity of 36 months. The peer (`oracle` group of pyproject.toml) gets frequency, recency and mean value ready made,
fits MBG/NBD and Gamma-Gamma, and predicts P(alive) and the purchases of one horizon.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.report import machine, write_result

AS_OF, DAYS = date(2026, 6, 30), 1096
PARAMETERS = {"r": 0.525, "alpha": 43.3, "a": 0.891, "b": 1.614}


def draw(n: int, path: Path) -> None:
    """Purchases of `n` customers who came over three years."""
    rng = np.random.default_rng(11)
    rate = rng.gamma(PARAMETERS["r"], 1 / PARAMETERS["alpha"], n)
    dropout = rng.beta(PARAMETERS["a"], PARAMETERS["b"], n)
    who, when = np.arange(n), rng.integers(0, DAYS, n).astype(float)
    people, times = [who], [when]
    while who.size:
        stays = rng.random(who.size) >= dropout[who]
        who, when = who[stays], when[stays]
        when = when + rng.exponential(1 / np.maximum(rate[who], 1e-9))
        who, when = who[when < DAYS], when[when < DAYS]
        people.append(who)
        times.append(when)
    everyone, day = np.concatenate(people), np.concatenate(times).astype(np.int32)
    value = rng.gamma(6.0, 1 / rng.gamma(3.7, 1 / 150.0, n)[everyone])
    start = AS_OF - timedelta(days=DAYS - 1)
    frame = pl.DataFrame({"who": everyone, "day": day, "net_amount_cny": value.round(2) + 0.01})
    frame.select(
        one_id="P" + pl.col("who").cast(pl.String).str.zfill(8),
        purchase_date=pl.lit(start) + pl.duration(days="day"),
        net_amount_cny="net_amount_cny",
    ).write_parquet(path)


def guiyi(path: Path) -> dict[str, float]:
    from profiles.value_models import score

    started = time.perf_counter()
    found = score(pl.read_parquet(path), AS_OF)
    seconds = time.perf_counter() - started
    assert found.gate is None
    return {"seconds": seconds, "customers": found.clv.height, "columns": found.clv.width}


def guiyi_scores_alone(path: Path) -> dict[str, float]:
    from profiles.value_models import ValueConfig, score

    started = time.perf_counter()
    found = score(pl.read_parquet(path), AS_OF, ValueConfig(has_backtest=False, equity_months=1))
    return {"seconds": time.perf_counter() - started, "customers": found.clv.height, "columns": found.clv.width}


def lifetimes(path: Path) -> dict[str, float]:
    import lifetimes as peer

    from profiles.value_models.history import purchase_days, summarise

    customers = summarise(purchase_days(pl.read_parquet(path)), AS_OF).customers
    x, recency, age, n, mean = (
        customers[c].to_pandas() for c in ("frequency", "recency_days", "age_days", "n_purchases", "mean_value_cny")
    )
    started = time.perf_counter()
    model = peer.ModifiedBetaGeoFitter()
    model.fit(x, recency / 7, age / 7)
    model.conditional_expected_number_of_purchases_up_to_time(52, x, recency / 7, age / 7)
    model.conditional_probability_alive(x, recency / 7, age / 7)
    worth = peer.GammaGammaFitter()
    worth.fit(n, mean)
    worth.conditional_expected_average_profit(n, mean)
    return {"seconds": time.perf_counter() - started, "customers": len(x), "columns": 3}


RUNS: dict[str, Callable[[Path], dict[str, float]]] = {
    "guiyi": guiyi,
    "guiyi_scores_alone": guiyi_scores_alone,
    "lifetimes": lifetimes,
}


def measured(name: str, path: Path) -> dict[str, float] | None:
    """Seconds and peak memory of a run in a process of its own; None where the peer is not installed."""
    command = [sys.executable, "-m", "benchmarks.value_million", "--run", name, "--purchases", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        if "ModuleNotFoundError" in done.stderr:
            return None
        raise RuntimeError(done.stderr[-2000:])
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--run", choices=RUNS, help=argparse.SUPPRESS)
    parser.add_argument("--purchases", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        found = RUNS[asked.run](asked.purchases)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps(found | {"peak_mb": peak}))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "purchases.parquet"
        draw(asked.customers, path)
        rows = pl.scan_parquet(path).select(pl.len()).collect().item()
        runs = {name: measured(name, path) for name in RUNS}
    peer = runs["lifetimes"]
    lines = [
        f"# Value columns of {asked.customers:,} customers, {rows:,} purchases",
        "",
        f"`python -m benchmarks.value_million --customers {asked.customers}`.",
        machine(),
        "",
        "| | seconds | peak MB | columns | seconds against lifetimes |",
        "|---|---|---|---|---|",
    ]
    told = {
        "guiyi": "Guiyi: all columns of customer.clv, back-test, calibration, 36 months of equity",
        "guiyi_scores_alone": "Guiyi: all columns of customer.clv",
        "lifetimes": "lifetimes: MBG/NBD and Gamma-Gamma, three columns, histories ready made",
    }
    for name, label in told.items():
        run = runs[name]
        if run is None:
            lines.append(f"| {label} | not installed ||||")
            continue
        ratio = f"{run['seconds'] / peer['seconds']:.2f}" if peer else "–"
        lines.append(f"| {label} | {run['seconds']:.1f} | {run['peak_mb']:,.0f} | {run['columns']:.0f} | {ratio} |")
    write_result("value_million", lines)


if __name__ == "__main__":
    main()
