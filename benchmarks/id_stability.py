"""How many records get another OneID when nothing, or little, has changed, beside what other ways of keeping ids do.

Run: python -m benchmarks.id_stability --people 5000 --seed 7
Peers, in the same run on the same simulated records: Splink 5's own `cluster_id` (connected components at p >= 0.95,
the smallest unique_id of a cluster being its id), and greedy overlap on Splink's clusters (pairs of old and new cluster
by the records that they share, most first, each taken once).
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.report import machine, write_result
from identity.graph import connected
from identity.keeping.keeping import Keeping
from identity.pipeline import resolve
from identity.registry import load_registry
from identity.rules.judge import judge
from identity.rules.lifetimes import parties_in_time
from identity.rules.sure import sure_clusters
from identity.scoring.candidates import candidates
from identity.scoring.frozen import freeze
from identity.scoring.model import load_or_train
from identity.scoring.retail import RETAIL
from identity.scoring.score import score
from simulator.world import ORIGINAL, simulate
from touchpoints.ingest import ingest

KEY = b"benchmark"
SPLINK_WEIGHT = 4.25  # log2 odds of p = 0.95
PARTY = ["record_id", "role"]


class Worlds:
    """The canonical tables in the states that are compared."""

    def __init__(self, people: int, seed: int, folder: Path) -> None:
        simulate(people, seed, folder, as_of=date(2026, 11, 20), sources=ORIGINAL)
        ingest(folder / "landing", lake=folder / "lake", out=folder / "whole", key=KEY)
        self.folder, self.whole = folder, folder / "whole"
        self.record = pl.read_parquet(self.whole / "record.parquet", columns=["record_id", "source"]).sort("record_id")
        self.late = pl.Series(np.random.default_rng(seed).random(len(self.record)) < 0.1)

    def only(self, name: str, is_kept: pl.Series) -> Path:
        """A copy with some of the records."""
        kept = self.record.filter(is_kept).select("record_id")
        return self._copy(name, lambda table: table.join(kept, on="record_id", how="semi"))

    def shuffled(self, name: str, base: Path) -> Path:
        """A copy with all rows in another order."""
        return self._copy(name, lambda table: table.sample(fraction=1.0, shuffle=True, seed=99), base)

    def _copy(self, name: str, change: Callable[[pl.DataFrame], pl.DataFrame], base: Path | None = None) -> Path:
        out = self.folder / name
        out.mkdir()
        for path in (base or self.whole).glob("*.parquet"):
            table = pl.read_parquet(path)
            (change(table) if "record_id" in table.columns else table).write_parquet(out / path.name)
        return out


class Runs:
    """Guiyi's runs, each with the plain Splink clusters of the same records."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.splink: dict[str, pl.DataFrame] = {}

    def run(self, name: str, files: Path, models: str, previous: str | None = None) -> None:
        if models == "first's":
            # Each as on the day after the first run: what one of them freezes is no other's.
            models = shutil.copytree(self.folder / "models", self.folder / f"models of {name}").name
        elif models.endswith("'s"):
            models = f"models of {models[:-2]}"
        out, before = self.folder / name, self.folder / previous if previous else None
        resolve(
            files, public=out / "public", private=out / "private", previous=before and before / "public",
            models=self.folder / models, key=KEY, run_id=name,
            keeping=Keeping(private=before and before / "private", accept_churn=True),
        )  # fmt: skip
        self.splink[name] = _splink(files, self.folder / models)

    def ids(self, name: str) -> pl.DataFrame:
        return pl.read_parquet(self.folder / name / "public" / "record_map.parquet").select(*PARTY, id="one_id")

    def shares(self, before: str, after: str) -> list[str]:
        """The share of records known to both runs whose id is another: ours, greedy overlap, Splink's cluster_id."""
        ours = _changed(self.ids(before), self.ids(after))
        splink = self.splink[before], self.splink[after]
        return [f"{share:.2%}" for share in (ours, _changed(splink[0], _greedy(*splink)), _changed(*splink))]


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--people", type=int, default=5_000)
    arguments.add_argument("--seed", type=int, default=7)
    options = arguments.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="guiyi-ids-"))
    try:
        _run(options.people, options.seed, folder)
    finally:
        shutil.rmtree(folder)


def _run(people: int, seed: int, folder: Path) -> None:
    worlds, runs = Worlds(people, seed, folder), Runs(folder)
    base = worlds.only("base", ~worlds.late)
    runs.run("first", base, "models")
    runs.run("again", base, "first's", "first")
    runs.run("shuffle", worlds.shuffled("mixed", base), "first's", "first")
    runs.run("new", worlds.whole, "first's", "first")
    # A model trained on all the records, with figures of its own.
    runs.run("scratch", worlds.whole, "models2")
    _renamed(folder / "models2")
    runs.run("retrain", worlds.whole, "models2", "first")
    source = "youzan"
    rest = worlds.only("rest", ~worlds.late & (worlds.record["source"] != source))
    runs.run("dropped", rest, "first's", "first")
    runs.run("restored", base, "dropped's", "dropped")
    rows = [
        ("re-run on the same records", "first", "again"),
        ("all rows of all files in another order", "first", "shuffle"),
        ("10 % new records", "first", "new"),
        ("10 % new records and a retrained model", "first", "retrain"),
        (f"a source ({source}) taken out", "first", "dropped"),
        ("… and put back: against before it was taken out", "first", "restored"),
    ]
    write_result(
        f"id_stability_{people}",
        [
            f"# Records that get another id: {people:,} simulated people, seed {seed}",
            "",
            f"Share of the parties known to both runs, of {len(runs.ids('first')):,}. {machine()}",
            "",
            "| | **Guiyi** | Splink's clusters, greedy overlap | Splink's `cluster_id` |",
            "|---|---|---|---|",
            *(f"| {label} | {' | '.join(runs.shares(before, after))} |" for label, before, after in rows),
        ],
    )


def _renamed(models: Path) -> None:
    for path in models.glob("*splink-0001*"):
        path.rename(models / path.name.replace("0001", "0002"))


def _splink(files: Path, models: Path) -> pl.DataFrame:
    """The same sure clusters and scores, put together by plain connected components: record_id, role, id."""
    registry = load_registry()
    parties = parties_in_time(files, registry)
    sure = sure_clusters(parties, judge(parties, registry), registry).label
    rows = candidates(parties, sure)
    model = load_or_train(models, lambda: (rows, rows), RETAIL, is_first=False)
    pair = score(freeze(models, model.name, rows).weighed(rows), model, RETAIL).pair
    strong = pair.filter(pl.col("match_weight") >= SPLINK_WEIGHT)
    label = connected(int(sure.max()) + 1, strong["cluster_a"].to_numpy(), strong["cluster_b"].to_numpy())[sure]
    named = parties.party.select(*PARTY, pl.concat_str(PARTY, separator="@").alias("name"))
    return named.with_columns(pl.Series("label", label)).select(*PARTY, pl.col("name").min().over("label").alias("id"))


def _greedy(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """The clusters of `after` under the ids of `before`: the pair that shares most records first, each taken once."""
    shared = after.join(before, on=PARTY, suffix="_old").group_by("id", "id_old").len()
    taken: dict[str, str] = {}
    gone: set[str] = set()
    for new, old in (
        shared.sort("len", "id_old", "id", descending=[True, False, False]).select("id", "id_old").iter_rows()
    ):
        if new not in taken and old not in gone:
            taken[new] = old
            gone.add(old)
    return after.with_columns(pl.col("id").replace_strict(taken, default="new " + pl.col("id"), return_dtype=pl.String))


def _changed(before: pl.DataFrame, after: pl.DataFrame) -> float:
    both = before.join(after, on=PARTY, suffix="_after")
    return float(both.select((pl.col("id") != pl.col("id_after")).mean()).item())


if __name__ == "__main__":
    main()
