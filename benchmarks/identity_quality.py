"""How right the OneIDs are on a simulated world, beside what simpler ways make of the same records.

Run: python -m benchmarks.identity_quality --people 50000 --seed 271828
Peers, in the same run: the union of exact keys (any equal identifier that is not masked), the same without phones that
several names share, and Splink 5's own connected components at p >= 0.95 over the same scores.
"""

import argparse
import shutil
import tempfile
import time
from datetime import date
from pathlib import Path

import polars as pl

from benchmarks.identity_cases import SHARED_RATES, blocking_lines, national_ids, numbers_lines, rates_lines
from benchmarks.report import machine, write_result
from identity.graph import Keys, connected
from identity.measuring.evaluate import Evaluation, evaluate, evaluate_phenomena
from identity.parties import Parties
from identity.pipeline import resolve
from identity.registry import load_registry
from identity.rules.judge import Judgement, judge
from identity.rules.lifetimes import parties_in_time
from identity.rules.sure import sure_clusters
from identity.scoring.candidates import candidates
from identity.scoring.model import load_or_train
from identity.scoring.retail import RETAIL
from identity.scoring.score import score
from simulator.world import ORIGINAL, simulate
from touchpoints.ingest import ingest

KEY = b"benchmark"
SPLINK_WEIGHT = 4.25  # log2 odds of p = 0.95
COLUMNS = ("pairwise_precision", "pairwise_recall_reachable", "b_cubed_precision", "b_cubed_recall_reachable",
           "pairwise_recall", "b_cubed_recall", "exact_person_rate")  # fmt: skip
LINES = ("n_persons", "n_parties", "pairwise_precision", "pairwise_recall_reachable", "b_cubed_precision",
         "b_cubed_recall_reachable", "wrongly_merged_rate", "split_rate")  # fmt: skip


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--people", type=int, default=20_000)
    arguments.add_argument("--seed", type=int, default=314159)
    arguments.add_argument("--name", help="of the result file; identity_quality_<people> if not told")
    options = arguments.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="guiyi-quality-"))
    try:
        lines = _run(options.people, options.seed, folder)
    finally:
        shutil.rmtree(folder)
    write_result(options.name or f"identity_quality_{options.people}", lines)


def _run(people: int, seed: int, folder: Path) -> list[str]:
    simulate(people, seed, folder, as_of=date(2026, 11, 20), sources=ORIGINAL)
    ingest(folder / "landing", lake=folder / "lake", out=folder / "touchpoints", key=KEY)
    started = time.perf_counter()
    resolve(
        folder / "touchpoints", public=folder / "public", private=folder / "private", previous=None,
        models=folder / "models", key=KEY, run_id="benchmark",
    )  # fmt: skip
    seconds = time.perf_counter() - started
    truth, record_map = folder / "truth" / "party.parquet", folder / "public" / "record_map.parquet"
    registry = load_registry()
    parties = parties_in_time(folder / "touchpoints", registry)
    judgement = judge(parties, registry)
    sure = sure_clusters(parties, judgement, registry).label
    rows = {
        "Guiyi": evaluate(record_map, truth, KEY),
        "union of exact keys": _measured(parties, _exact_keys(parties, None), folder, truth),
        "union of exact keys, less shared values": _measured(parties, _exact_keys(parties, judgement), folder, truth),
        "Splink 5 connected components, p >= 0.95": _measured(parties, _splink(parties, sure, folder), folder, truth),
    }
    head = [
        f"# OneID quality: {people:,} simulated people, seed {seed}",
        "",
        f"{rows['Guiyi'].n_parties:,} parties. Recall 'reachable' counts pairs that the files allow anyone to know. "
        f"Identity took {seconds:.0f} s. {machine()}",
        "",
    ]
    overall = _table(("", *COLUMNS), [(name, *(found.as_dict()[c] for c in COLUMNS)) for name, found in rows.items()])
    phenomena = evaluate_phenomena(record_map, truth, KEY)
    told = [tuple(line[c] for c in ("phenomenon", *LINES)) for line in phenomena.iter_rows(named=True)]
    return [
        *head, *overall, "", f"People with two valid national ids: {national_ids(parties, record_map)}.", "",
        "## By phenomenon", "", *_table(("phenomenon", *LINES), told), "",
        "Wrongly merged: persons of whom a record lies in a OneID that holds another person's; split: persons with a "
        "reachable component in several OneIDs.", "",
        "## Numbers that two people use", "", SHARED_RATES, "", *numbers_lines(folder, record_map, KEY), "",
        "## Blocking", "", *blocking_lines(candidates(parties, sure), parties, sure, truth, KEY), "",
        "## Rates of this world", "", *rates_lines(folder), "",
    ]  # fmt: skip


def _table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> list[str]:
    lines = ["| " + " | ".join(name.replace("_", " ") for name in head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return lines + ["| " + " | ".join(_cell(x) for x in row) + " |" for row in rows]


def _cell(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def _exact_keys(parties: Parties, judgement: Judgement | None) -> Keys:
    """Everything with an equal identifier is one person: what a join on phone, e-mail and account ids makes.

    Args:
        judgement: leave out the values that it finds shared, blocked or nobody's.
    """
    plain = parties.identifier.filter(pl.col("strength").is_in(["exact", "scoped"]))
    value = ["id_type", "id_scope", "id_value"]
    if judgement is not None:
        single = judgement.value.filter((pl.col("status") == "ok") & (pl.col("n_names") <= 1)).select(value).unique()
        plain = plain.join(single, on=value, how="semi")
    plain = plain.with_columns(pl.col("party").min().over(value).alias("first"))
    return connected(len(parties.party), plain["first"].to_numpy(), plain["party"].to_numpy())


def _splink(parties: Parties, sure: Keys, folder: Path) -> Keys:
    """The same sure clusters and scores, put together by plain connected components."""
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
