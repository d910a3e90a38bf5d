"""What a run measures of itself once its people are found: the tables quality and canary_quality.

Belongs here: the order of the measurements and what is written. Each measurement is in its own module.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from identity.measuring.canaries import measure_canaries
from identity.measuring.quality import TABLE, Run, measure
from identity.pipeline import resolve
from identity.registry import load_registry
from identity.results import IdentityReport
from identity.scoring.models_store import load_model
from identity.scoring.retail import RETAIL

CANARY_TABLE = "canary_quality"


@dataclass(frozen=True)
class Place:
    """Where a run of identity lies: its canonical tables, its public tables, those before it, the home's models, and
    the brand's own identifier types."""

    touchpoints: Path
    public: Path
    scratch: Path
    previous: Path | None
    models: Path
    registry: Path | None = None


def measure_run(
    report: IdentityReport, place: Place, *, key: bytes, run_id: str, churn_limit: float | None = None
) -> pl.DataFrame:
    """Measures a run and writes quality and canary_quality beside its public tables.

    Args:
        report: of `resolve`.
        place: where it read and wrote.
        key: the home's key.
        run_id: this run.
        churn_limit: share of changed ids that warns.

    Returns:
        This run's rows of quality.
    """
    model = load_model(place.models, report.model, RETAIL)
    canaries = measure_canaries(
        resolve, place.touchpoints, place.scratch, models=place.models, model=model, key=key, run_id=run_id,
        registry=place.registry,
    )  # fmt: skip
    run = Run(
        place.public, place.touchpoints, place.scratch, place.previous, run_id, report.as_dict(), model.settings,
        churn_limit,
    )  # fmt: skip
    found = measure(run, load_registry(own=place.registry), RETAIL, canaries)
    before = place.previous / f"{CANARY_TABLE}.parquet" if place.previous else None
    if before and before.exists():
        older = pl.read_parquet(before).filter(pl.col("run_id") != run_id)
        canaries = pl.concat([older, canaries])
    canaries.write_parquet(place.public / f"{CANARY_TABLE}.parquet", compression_level=1)
    found.write_parquet(place.public / f"{TABLE}.parquet", compression_level=1)
    return found.filter(pl.col("run_id") == run_id)
