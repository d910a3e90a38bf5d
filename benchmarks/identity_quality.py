"""How right the OneIDs are on a simulated world, beside what simpler ways make of the same records.

Run: python -m benchmarks.identity_quality --people 20000 --seed 314159
Peers, in the same run: the union of exact keys (any equal identifier that is not masked), and Splink 5's own
connected components at p >= 0.95 over the same scores.
"""

import argparse
import shutil
import tempfile
import time
from datetime import date
from pathlib import Path

import polars as pl

from benchmarks.report import machine, write_result
from identity.candidates import candidates
from identity.evaluate import Evaluation, evaluate
from identity.graph import Keys, connected
from identity.judge import judge
from identity.model import load_or_train
from identity.parties import Parties, read_parties
from identity.pipeline import resolve
from identity.registry import load_registry
from identity.retail import RETAIL
from identity.score import score
from identity.sure import sure_clusters
from simulator.world import simulate
from touchpoints.ingest import ingest

KEY = b"benchmark"
SPLINK_WEIGHT = 4.25  # log2 odds of p = 0.95
COLUMNS = ("pairwise_precision", "pairwise_recall_reachable", "b_cubed_precision", "b_cubed_recall_reachable",
           "pairwise_recall", "b_cubed_recall", "exact_person_rate")  # fmt: skip


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--people", type=int, default=20_000)
    arguments.add_argument("--seed", type=int, default=314159)
    options = arguments.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="guiyi-quality-"))
    try:
        _run(options.people, options.seed, folder)
    finally:
        shutil.rmtree(folder)


def _run(people: int, seed: int, folder: Path) -> None:
    simulate(people, seed, folder, as_of=date(2026, 11, 20))
    ingest(folder / "landing", lake=folder / "lake", out=folder / "touchpoints", key=KEY)
    started = time.perf_counter()
    resolve(
        folder / "touchpoints", public=folder / "public", private=folder / "private", previous=None,
        models=folder / "models", key=KEY, run_id="benchmark",
    )  # fmt: skip
    seconds = time.perf_counter() - started
    truth = folder / "truth" / "party.parquet"
    parties = read_parties(folder / "touchpoints")
    rows = {
        "Guiyi": evaluate(folder / "public" / "record_map.parquet", truth, KEY),
        "union of exact keys": _measured(parties, _exact_keys(parties), folder, truth),
        "Splink 5 connected components, p >= 0.95": _measured(parties, _splink(parties, folder), folder, truth),
    }
    text = [
        f"# OneID quality: {people:,} simulated people, seed {seed}",
        "",
        f"{rows['Guiyi'].n_parties:,} parties. Recall 'reachable' counts pairs that the files allow anyone to know. "
        f"Identity took {seconds:.0f} s. {machine()}",
        "",
        "| | " + " | ".join(c.replace("_", " ") for c in COLUMNS) + " |",
        "|---|" + "---|" * len(COLUMNS),
    ]
    for name, found in rows.items():
        text.append(f"| {name} | " + " | ".join(f"{found.as_dict()[c]:.4f}" for c in COLUMNS) + " |")
    write_result(f"identity_quality_{people}", text)


def _exact_keys(parties: Parties) -> Keys:
    """Everything with an equal identifier is one person: what a join on phone, e-mail and account ids makes."""
    plain = parties.identifier.filter(pl.col("strength").is_in(["exact", "scoped"])).with_columns(
        pl.col("party").min().over("id_type", "id_scope", "id_value").alias("first")
    )
    return connected(len(parties.party), plain["first"].to_numpy(), plain["party"].to_numpy())


def _splink(parties: Parties, folder: Path) -> Keys:
    """The same sure clusters and scores, put together by plain connected components."""
    registry = load_registry()
    sure = sure_clusters(parties, judge(parties, registry), registry).label
    rows = candidates(parties, sure)
    pair = score(rows, load_or_train(folder / "models", lambda: (rows, rows), RETAIL), RETAIL).pair
    strong = pair.filter(pl.col("match_weight") >= SPLINK_WEIGHT)
    return connected(int(sure.max()) + 1, strong["cluster_a"].to_numpy(), strong["cluster_b"].to_numpy())[sure]


def _measured(parties: Parties, label: Keys, folder: Path, truth: Path) -> Evaluation:
    path = folder / "peer.parquet"
    parties.party.with_columns(pl.Series("one_id", label).cast(pl.String)).write_parquet(path)
    return evaluate(path, truth, KEY)


if __name__ == "__main__":
    main()
