"""What another model would change: its weights, and the people it would make of the records that there are.

Belongs here: the comparison. Nothing of it is published; both sides are resolved by the run's own code.
"""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from identity.canaries import measure_canaries
from identity.evaluate import ALL
from identity.expected import Expected, false_links, misses
from identity.keeping import Keeping
from identity.model import Model
from identity.models_store import levels
from identity.parties import PARTY
from identity.scheme import Scheme

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


def compare_models(
    resolve: Callable[..., Any], a: Model, b: Model, *, scheme: Scheme, touchpoints: Path, scratch: Path,
    previous: Path | None, keeping: Keeping, key: bytes, told: Callable[[str], None] = lambda text: None,
) -> Comparison:  # fmt: skip
    """Resolves the same records with both models and tells the difference; writes nothing that stays.

    Args:
        resolve: `pipeline.resolve`.
        touchpoints: canonical tables to try on, those of the published run.
        scratch: a private folder to work in.
        previous: the published identity tables, from which ids go on; a's ids are those that b's are compared with.
        keeping: the home's stewards and rules; its churn budget is not asked.
        key: the home's key.
        told: called with what is being done.
    """
    with tempfile.TemporaryDirectory(dir=scratch) as name:
        folder = Path(name)
        tables: list[Path] = []
        for side, model in (("a", a), ("b", b)):
            told(model.name)
            before = previous if side == "a" else tables[0]
            tables.append(_resolved(resolve, model, folder / side, touchpoints, before, keeping, key))
        told("canaries")
        of_a, of_b = (
            _outcome(resolve, model, public, scheme, touchpoints, folder, keeping, key)
            for model, public in zip((a, b), tables, strict=True)
        )
        map_a, map_b = (pl.read_parquet(public / "record_map.parquet", columns=[*PARTY, "one_id"]) for public in tables)
    return _compared(weight_changes(a, b), of_a, of_b, map_a, map_b)


def _resolved(
    resolve: Callable[..., Any], model: Model, folder: Path, touchpoints: Path, previous: Path | None,
    keeping: Keeping, key: bytes,
) -> Path:  # fmt: skip
    """The public tables that a model makes, in a folder of its own."""
    models = folder / "models"
    models.mkdir(parents=True)
    (models / "splink-0001.json").write_text(json.dumps(model.settings), "utf-8")
    resolve(
        touchpoints, public=folder / "public", private=folder / "private", previous=previous, models=models, key=key,
        run_id="compare", keeping=Keeping(folder=keeping.folder, accept_churn=True),
    )  # fmt: skip
    return folder / "public"


def _outcome(
    resolve: Callable[..., Any], model: Model, public: Path, scheme: Scheme, touchpoints: Path, scratch: Path,
    keeping: Keeping, key: bytes,
) -> Outcome:  # fmt: skip
    edge, record_map = (pl.read_parquet(public / f"{name}.parquet") for name in ("edge", "record_map"))
    found = measure_canaries(
        resolve, touchpoints, scratch, model=model, key=key, run_id="compare", registry=keeping.registry
    )
    canary = found.filter(pl.col("phenomenon") == ALL).row(0, named=True)
    return Outcome(
        record_map["one_id"].n_unique(), false_links(edge), misses(edge, record_map, scheme.vetoes),
        canary["pairwise_precision"], canary["pairwise_recall"],
    )  # fmt: skip


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
