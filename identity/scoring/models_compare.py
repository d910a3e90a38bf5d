"""What another model would change: its weights, and the people it would make of the records that there are.

Belongs here: the comparison. Nothing of it is published; both sides are resolved by the run's own code.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from identity.keeping.keeping import Keeping
from identity.measuring.canaries import measure_canaries
from identity.measuring.evaluate import ALL
from identity.measuring.expected import Expected, false_links, misses
from identity.parties import PARTY
from identity.scoring.model import Model
from identity.scoring.models_store import LENT, lend, levels
from identity.scoring.scheme import Scheme

MOST_EXAMPLES = 10


@dataclass(frozen=True)
class Outcome:
    """What one model makes of the records.

    Attributes:
        n_people: people found.
        false_links, misses: what its scores expect to be wrong.
        canary_precision, canary_recall: over the invented people of known truth.
    """

    n_people: int
    false_links: Expected
    misses: Expected
    canary_precision: float
    canary_recall: float


@dataclass(frozen=True)
class Comparison:
    """Two models beside each other.

    Attributes:
        weights: comparison, level, label, m_a, m_b, u_a, u_b, weight_a, weight_b, change (bits).
        a, b: what each makes of the records.
        n_records: parties compared; n_changed of them would have another OneID with b.
        n_merged: OneIDs of b that hold several of a; n_split: OneIDs of a that b spreads over several.
        example: kind (merge | split), one_id, others, n_records: the largest of both.
    """

    weights: pl.DataFrame
    a: Outcome
    b: Outcome
    n_records: int
    n_changed: int
    n_merged: int
    n_split: int
    example: pl.DataFrame


def weight_changes(a: Model, b: Model) -> pl.DataFrame:
    """The levels of two models beside each other; nulls where only one has a level."""
    keys = ["comparison", "level", "label"]
    both = levels(a).join(levels(b), on=keys, how="full", suffix="_b", coalesce=True, maintain_order="left_right")
    renamed = both.rename({"m": "m_a", "u": "u_a", "weight": "weight_a"})
    return renamed.select(
        *keys, "m_a", "m_b", "u_a", "u_b", "weight_a", "weight_b",
        (pl.col("weight_b") - pl.col("weight_a")).alias("change"),
    )  # fmt: skip


@dataclass(frozen=True)
class Ground:
    """What two models are tried on.

    Attributes:
        touchpoints: canonical tables, those of the published run.
        scratch: a private folder to work in; nothing stays there.
        models: the store that the models are from.
        previous: the published identity tables, from which ids go on; None for a fresh start.
        keeping: the home's stewards and rules; its churn budget is not asked.
        key: the home's key.
    """

    touchpoints: Path
    scratch: Path
    models: Path
    previous: Path | None
    keeping: Keeping
    key: bytes


def compare_models(
    resolve: Callable[..., Any],
    a: Model,
    b: Model,
    ground: Ground,
    scheme: Scheme,
    told: Callable[[str], None] = lambda text: None,
) -> Comparison:
    """Resolves the same records with both models and tells the difference.

    Args:
        resolve: `pipeline.resolve`.
        a: one model; its ids are those that b's are compared with.
        b: the other.
        ground: what they are tried on.
        scheme: what the models are of.
        told: called with what is being done.
    """
    with tempfile.TemporaryDirectory(dir=ground.scratch) as name:
        folder = Path(name)
        told(a.name)
        of_a, map_a = _tried(resolve, a, folder / "a", ground, ground.previous, scheme)
        told(b.name)
        of_b, map_b = _tried(resolve, b, folder / "b", ground, folder / "a" / "public", scheme)
    return _compared(weight_changes(a, b), of_a, of_b, map_a, map_b)


def _tried(
    resolve: Callable[..., Any], model: Model, folder: Path, ground: Ground, previous: Path | None, scheme: Scheme
) -> tuple[Outcome, pl.DataFrame]:
    """What a model makes of the records, and their ids, in a folder of its own."""
    models, public = folder / "models", folder / "public"
    lend(ground.models, model, models)
    keeping = Keeping(folder=ground.keeping.folder, accept_churn=True)
    resolve(
        ground.touchpoints, public=public, private=folder / "private", previous=previous, models=models,
        key=ground.key, run_id="compare", keeping=keeping,
    )  # fmt: skip
    canary = measure_canaries(
        resolve, ground.touchpoints, folder, models=models, model=replace(model, name=LENT), key=ground.key,
        run_id="compare", registry=keeping.registry,
    ).filter(pl.col("phenomenon") == ALL)  # fmt: skip
    edge, record_map = (pl.read_parquet(public / f"{name}.parquet") for name in ("edge", "record_map"))
    outcome = Outcome(
        record_map["one_id"].n_unique(), false_links(edge), misses(edge, record_map, scheme.vetoes),
        canary["pairwise_precision"].item(), canary["pairwise_recall"].item(),
    )  # fmt: skip
    return outcome, record_map.select(*PARTY, "one_id")


def _compared(weights: pl.DataFrame, a: Outcome, b: Outcome, before: pl.DataFrame, after: pl.DataFrame) -> Comparison:
    both = before.join(after, on=PARTY, suffix="_b")
    cells = both.group_by(pl.col("one_id").alias("a"), pl.col("one_id_b").alias("b")).agg(pl.len().alias("n"))
    merged = _several(cells, "b", "a", "merge")
    split = _several(cells, "a", "b", "split")
    return Comparison(
        weights, a, b, len(both), int((both["one_id"] != both["one_id_b"]).sum()), len(merged), len(split),
        pl.concat([merged.head(MOST_EXAMPLES), split.head(MOST_EXAMPLES)]),
    )  # fmt: skip


def _several(cells: pl.DataFrame, of: str, other: str, kind: str) -> pl.DataFrame:
    """The OneIDs of one side that share records with several of the other, the largest first."""
    return (
        cells.group_by(of)
        .agg(pl.col(other).sort(), pl.col("n").sum().cast(pl.Int64))
        .filter(pl.col(other).list.len() > 1)
        .select(
            pl.lit(kind).alias("kind"), pl.col(of).alias("one_id"), pl.col(other).alias("others"),
            pl.col("n").alias("n_records"),
        )
        .sort("n_records", "one_id", descending=[True, False])
    )  # fmt: skip
