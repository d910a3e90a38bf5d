"""How often the intervals of a campaign's effect hold the true effect, and how wide they are beside Welch's and Wald's.

Run: python -m benchmarks.uplift_coverage [--cdnow cdnow_master.parquet] [--draws 4000]
People are drawn from real and made-up buyers and put into arm and holdout by chance, so the true difference is known:
nothing, or what was added to the arm. CDNOW's buyers (Fader and Hardie; 39 weeks before, 39 weeks or
14 days after) are the sample of the tests unless the full file is given, with customer_id, ts and amount; in the
wholesale world spend differs by a factor of thousands, as where resellers buy.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from scipy import stats

from analyses.uplift import CONFIDENCE, Interval, Moments, cuped, newcombe, welch
from benchmarks.report import machine, write_result

_SAMPLE = Path(__file__).parents[1] / "tests" / "profiles" / "data" / "cdnow_sample.parquet"
_BATCH = 100
_SEED = 20260630


@dataclass(frozen=True)
class Buyers:
    """People whom arms are drawn from: what they spent before and after."""

    name: str
    before: np.ndarray
    after: np.ndarray


def main() -> None:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--cdnow", type=Path, default=_SAMPLE)
    arguments.add_argument("--draws", type=int, default=4_000)
    options = arguments.parse_args()
    rng = np.random.default_rng(_SEED)
    worlds = [*cdnow(options.cdnow), wholesale(rng)]
    lines = [
        "# Intervals of a campaign's effect",
        "",
        f"`python -m benchmarks.uplift_coverage`, {options.draws:,} draws each, 95 % intervals. {machine()}",
        "",
        "Revenue a head. Ours is CUPED with each arm's variance drawn towards the common one by 100 people; *own*",
        "leaves each its own; Welch's t knows nothing of the time before. Width is the mean against Welch's.",
        "",
        "| buyers | arm / holdout | effect | ours | own | Welch | width ours | width own |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for world in worlds:
        for sizes in ((2_000, 200), (1_000, 100), (300, 60), (500, 500)):
            for lift in (0.0, 0.03):
                lines.append(_revenue(rng, world, sizes, lift, options.draws))
    lines += [
        "",
        "Conversion. Newcombe's method 10 beside Wald's interval.",
        "",
        "| rate | arm / holdout | effect | Newcombe | Wald | width |",
        "|---|---|---|---|---|---|",
    ]
    for rate in (0.005, 0.02, 0.1):
        for sizes in ((2_000, 200), (10_000, 1_000)):
            for lift in (0.0, 0.01):
                lines.append(_conversion(rng, rate, sizes, lift, options.draws * 10))
    write_result("uplift_coverage", lines)


def cdnow(path: Path) -> list[Buyers]:
    told = pl.read_parquet(path)
    if "holdout_spend" in told.columns:
        before = (told["mean_value"] * (told["frequency"] + 1)).to_numpy()
        return [Buyers(f"CDNOW, {told.height:,}, 39 weeks", before, told["holdout_spend"].to_numpy())]
    told = told.with_columns(pl.col("ts").cast(pl.Datetime("us")))
    cut = datetime(1997, 10, 1)
    people = told.select("customer_id").unique().sort("customer_id")

    def spend(begin: datetime, end: datetime) -> np.ndarray:
        bought = told.filter(pl.col("ts").is_between(begin, end, closed="left"))
        sums = bought.group_by("customer_id").agg(pl.col("amount").sum())
        return people.join(sums, on="customer_id", how="left").sort("customer_id")["amount"].fill_null(0.0).to_numpy()

    before = spend(datetime(1997, 1, 1), cut)
    name = f"CDNOW, {people.height:,}"
    return [
        Buyers(f"{name}, 39 weeks", before, spend(cut, datetime(1998, 7, 1))),
        Buyers(f"{name}, 14 days", before, spend(cut, cut + timedelta(days=14))),
    ]


def wholesale(rng: np.random.Generator, n: int = 40_000) -> Buyers:
    rate, value = rng.lognormal(0, 1.6, n), rng.lognormal(3, 1.0, n)
    before = rng.poisson(rate * 1.5) * value * rng.lognormal(0, 0.3, n)
    return Buyers("wholesale", before, rng.poisson(rate * 0.6) * value * rng.lognormal(0, 0.3, n))


def _revenue(rng: np.random.Generator, world: Buyers, sizes: tuple[int, int], lift: float, draws: int) -> str:
    """A row: who buys because of the campaign buys what a random buyer does."""
    spent = world.after[world.after > 0]
    true = lift * float(spent.mean())
    methods: dict[str, Callable[[Moments, Moments], Interval]] = {
        "ours": lambda arm, control: cuped(arm, control)[0],
        "own": lambda arm, control: cuped(arm, control, prior=0)[0],
        "welch": welch,
    }
    covered, width = dict.fromkeys(methods, 0), dict.fromkeys(methods, 0.0)
    for _ in range(draws // _BATCH):
        drawn = rng.integers(len(world.after), size=(_BATCH, sum(sizes)))
        before, after = world.before[drawn], world.after[drawn].astype(float)
        made = rng.random((_BATCH, sizes[0])) < lift
        after[:, : sizes[0]] += made * rng.choice(spent, made.shape)
        arm = Moments.of(after[:, : sizes[0]], before[:, : sizes[0]])
        control = Moments.of(after[:, sizes[0] :], before[:, sizes[0] :])
        for name, method in methods.items():
            found = method(arm, control)
            covered[name] += int(np.sum((found.low <= true) & (found.high >= true)))
            width[name] += float(np.sum(found.high - found.low))
    n = draws // _BATCH * _BATCH
    shares = " | ".join(f"{covered[name] / n:.3f}" for name in methods)
    wide = f"{width['ours'] / width['welch']:.2f} | {width['own'] / width['welch']:.2f}"
    return f"| {world.name} | {sizes[0]:,} / {sizes[1]:,} | {true:.2f} | {shares} | {wide} |"


def _conversion(rng: np.random.Generator, rate: float, sizes: tuple[int, int], lift: float, draws: int) -> str:
    n, m = sizes
    x, y = rng.binomial(n, rate + lift, draws), rng.binomial(m, rate, draws)
    ours = newcombe(x, n, y, m)
    p, q = x / n, y / m
    half = stats.norm.ppf((1 + CONFIDENCE) / 2) * np.sqrt(p * (1 - p) / n + q * (1 - q) / m)
    wald = Interval(p - q, p - q - half, p - q + half)
    shares = [np.mean((one.low <= lift) & (one.high >= lift)) for one in (ours, wald)]
    width = np.mean(ours.high - ours.low) / np.mean(wald.high - wald.low)
    return f"| {rate} | {n:,} / {m:,} | {lift} | {shares[0]:.3f} | {shares[1]:.3f} | {width:.2f} |"


if __name__ == "__main__":
    main()
