"""How many records get another OneID when nothing, or little, has changed, beside what other ways of keeping ids do.

Run: python -m benchmarks.id_stability --people 3000 --seeds 7 11 23
The new records are drawn in two ways. As days bring them: the newest tenth by the moment that they tell of (an order's,
a payment's, a joining; the export's where a list tells none). And at random over all days, which takes a payment from
its order and a member from the list that names them: harsher than what days do to a home.
Peers, in the same run on the same simulated records: what a resolver would do that knows exactly what the files allow
to know (the simulator's reachable components, ids by the same matching); greedy overlap on Splink's clusters (pairs of
old and new cluster by the records that they share, most first, each taken once); and Splink 5's own `cluster_id`
(connected components at p >= 0.95, the smallest unique_id of a cluster being its id).
"""

import argparse
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.id_moves import Reachable, moves, table
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
AS_OF = date(2026, 11, 20)
SOURCE = "youzan"
LATE_SHARE = 0.1


class Worlds:
    """The canonical tables in the states that are compared."""

    def __init__(self, people: int, seed: int, folder: Path) -> None:
        simulate(people, seed, folder, as_of=AS_OF, sources=ORIGINAL)
        ingest(folder / "landing", lake=folder / "lake", out=folder / "whole", key=KEY)
        self.folder, self.whole = folder, folder / "whole"
        columns = ["record_id", "source", "occurred_at", "version_at"]
        self.record = pl.read_parquet(self.whole / "record.parquet", columns=columns).sort("record_id")
        at = self.record.select(pl.coalesce("occurred_at", "version_at").alias("at"))["at"]
        self.newest = at > at.quantile(1 - LATE_SHARE, "nearest")
        self.random = pl.Series(np.random.default_rng(seed).random(len(self.record)) < LATE_SHARE)

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

    def shares(self, before: str, after: str) -> list[float]:
        """The share of records known to both runs whose id is another: ours, greedy overlap, Splink's cluster_id."""
        splink = self.splink[before], self.splink[after]
        return [
            _changed(self.ids(before), self.ids(after)), _changed(splink[0], _greedy(*splink)), _changed(*splink)
        ]  # fmt: skip

    def moves(self, before: str, after: str) -> pl.DataFrame:
        """Our moves with causes, by the truth."""
        of = self.folder / before / "public", self.folder / after / "public"
        return moves(of[0], of[1], self.folder / "truth" / "party.parquet", KEY)


@dataclass
class Measured:
    """What one world gave: shares and what is right of them, by line; the moves by kind of draw."""

    n_known: int
    lines: dict[str, list[float]]
    moved: dict[str, pl.DataFrame]


NEWEST, RANDOM = "the newest", "at random over all days"
COLUMNS = ("Guiyi", "of which right by the truth", "what the files allow to know", "Splink's clusters, greedy overlap",
           "Splink's `cluster_id`")  # fmt: skip
NONE = float("nan")


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--people", type=int, default=3_000)
    arguments.add_argument("--seeds", type=int, nargs="+", default=[7, 11, 23])
    options = arguments.parse_args()
    found = []
    for seed in options.seeds:
        folder = Path(tempfile.mkdtemp(prefix="guiyi-ids-"))
        try:
            found.append(_measured(options.people, seed, folder))
        finally:
            shutil.rmtree(folder)
    write_result(f"id_stability_{options.people}", _told(options.people, options.seeds, found))


def _measured(people: int, seed: int, folder: Path) -> Measured:
    worlds, runs = Worlds(people, seed, folder), Runs(folder)
    base = worlds.only("base", ~worlds.newest)
    runs.run("first", base, "models")
    runs.run("again", base, "first's", "first")
    runs.run("shuffle", worlds.shuffled("mixed", base), "first's", "first")
    runs.run("new", worlds.whole, "first's", "first")
    # A model trained on all the records, with figures of its own.
    runs.run("scratch", worlds.whole, "models2")
    _renamed(folder / "models2")
    runs.run("retrain", worlds.whole, "models2", "first")
    rest = worlds.only("rest", ~worlds.newest & (worlds.record["source"] != SOURCE))
    runs.run("dropped", rest, "first's", "first")
    runs.run("restored", base, "dropped's", "dropped")
    runs.run("scattered", worlds.only("scatter", ~worlds.random), "models3")
    runs.run("scattered new", worlds.whole, "scattered's", "scattered")
    runs.run("scattered retrain", worlds.whole, "models2", "scattered")
    reachable = Reachable(people, seed, AS_OF, folder / "new" / "public" / "record_map.parquet", KEY)
    can = {
        draw: reachable.changed(worlds.record.filter(late).select("record_id"))
        for draw, late in ((NEWEST, worlds.newest), (RANDOM, worlds.random))
    }
    lines = {
        "re-run on the same records": ("first", "again", 0.0),
        "all rows of all files in another order": ("first", "shuffle", 0.0),
        f"10 % new records, {NEWEST}": ("first", "new", can[NEWEST]),
        f"**10 % new records, {NEWEST}, and a retrained model**": ("first", "retrain", can[NEWEST]),
        f"10 % new records, {RANDOM}": ("scattered", "scattered new", can[RANDOM]),
        f"10 % new records, {RANDOM}, and a retrained model": ("scattered", "scattered retrain", can[RANDOM]),
        f"a source ({SOURCE}) taken out": ("first", "dropped", NONE),
        "… and put back: against before it was taken out": ("first", "restored", 0.0),
    }
    told = {}
    for name, (before, after, possible) in lines.items():
        ours, *peers = runs.shares(before, after)
        right = runs.moves(before, after)["is_right"].mean() if ours else None
        told[name] = [ours, NONE if right is None else float(right), possible, *peers]  # type: ignore[arg-type]
    moved = {NEWEST: runs.moves("first", "retrain"), RANDOM: runs.moves("scattered", "scattered retrain")}
    return Measured(len(runs.ids("first")), told, moved)


def _told(people: int, seeds: list[int], found: list[Measured]) -> list[str]:
    n_known = sum(one.n_known for one in found)
    lines = [
        f"# Records that get another id: {people:,} simulated people, seeds {', '.join(map(str, seeds))}",
        "",
        f"Share of the parties known to both runs, {n_known:,} in all; the mean over the seeds, in brackets the least "
        f"and the most. {machine()}",
        "",
        *((__doc__ or "").strip().splitlines()[3:]),
        "A move is right if, by the truth, it brings a record together with the right ones, and away from the wrong "
        "ones, more often than the other way round.",
        "",
        "| | " + " | ".join(f"**{c}**" if c == "Guiyi" else c for c in COLUMNS) + " |",
        "|---" * (len(COLUMNS) + 1) + "|",
    ]
    for name in found[0].lines:
        cells = [_cell([one.lines[name][n] for one in found], ".0%" if n == 1 else ".2%") for n in range(len(COLUMNS))]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    for draw in (NEWEST, RANDOM):
        lines += ["", f"## Why ids move: 10 % new records, {draw}, and a retrained model", ""]
        lines += table([one.moved[draw] for one in found], n_known)
    return lines


def _cell(values: list[float], form: str) -> str:
    known = [value for value in values if value == value]
    if not known:
        return ""
    mean, least, most = sum(known) / len(known), min(known), max(known)
    spread = f" ({least:{form}}–{most:{form}})" if f"{least:{form}}" != f"{most:{form}}" else ""
    return f"{mean:{form}}{spread}"


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
