"""Canaries: invented people with known truth, found by every run in the same way as real ones, and measured.

They are canonical rows beside some real namesakes, resolved by the run's own code, rules and model in a folder of
their own that is thrown away. So they can disturb no real person, and nobody can tune a home to them: who they are
depends on the home's key. Belongs here: writing and measuring them; who they are is in `canary_cases`.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl

from identity.keeping.keeping import Keeping
from identity.measuring.canary_cases import CANARY, canary_rows
from identity.measuring.evaluate import ALL, quality_by_phenomenon
from identity.parties import PARTY
from identity.scoring.model import Model
from identity.scoring.models_store import lend

# Real records of the same names among whom the canaries must be found: enough to be confused with, few to be quick.
MOST_NAMESAKES = 1_500
_OF_NAMESAKES = ("record", "identifier", "attribute", "event")
CANARY_QUALITY = (
    "run_id", "phenomenon", "n_persons", "n_parties", "pairwise_precision", "pairwise_recall", "b_cubed_precision",
    "b_cubed_recall", "n_wrongly_merged", "n_split",
)  # fmt: skip


def measure_canaries(
    resolve: Callable[..., Any],
    touchpoints: Path,
    scratch: Path,
    *,
    models: Path,
    model: Model,
    key: bytes,
    run_id: str,
    registry: Path | None = None,
) -> pl.DataFrame:
    """Resolves the canaries as the run resolved its records, and compares with the truth.

    Args:
        resolve: `pipeline.resolve`.
        touchpoints: folder of the run's canonical tables; read only.
        scratch: a private folder to work in; nothing stays there.
        models: the store of the model that the run scored with; what was frozen with it holds for canaries too.
        model: that model.
        key: the home's key; the canaries are made from it.
        run_id: this run.
        registry: the brand's own identifier types, if it has some.

    Returns:
        `CANARY_QUALITY`, one row per phenomenon and `all`; a pair with a real record counts as a wrong one.
    """
    with tempfile.TemporaryDirectory(dir=scratch) as name:
        folder = Path(name)
        truth = write_canaries(touchpoints, folder / "touchpoints", key)
        lend(models, model, folder / "models")
        rules = folder / "identity"
        rules.mkdir()
        if registry and registry.exists():
            shutil.copyfile(registry, rules / registry.name)
        resolve(
            folder / "touchpoints", public=folder / "public", private=folder / "private", previous=None,
            models=folder / "models", key=key, run_id=run_id, keeping=Keeping(folder=rules),
        )  # fmt: skip
        record_map = pl.read_parquet(folder / "public" / "record_map.parquet", columns=[*PARTY, "one_id"])
    return compared_with_truth(record_map, truth, run_id)


def compared_with_truth(record_map: pl.DataFrame, truth: pl.DataFrame, run_id: str) -> pl.DataFrame:
    """How right the canaries' ids are.

    Args:
        record_map: record_id, role, one_id of canaries and of real records among them.
        truth: record_id, role, person_id, phenomenon of the canaries.
        run_id: this run.
    """
    both = record_map.join(truth, on=PARTY, how="left").sort(PARTY).with_row_index("row")
    real = pl.concat_str(pl.lit("real "), pl.col("row").cast(pl.String))
    # Real records are nobody here: each its own, so that a canary among them is a mistake.
    both = both.with_columns(pl.coalesce("person_id", real).alias("person_id")).with_columns(component="person_id")
    canary = both.filter(pl.col("phenomenon").is_not_null()).select("row", "phenomenon")
    every = canary.select("row", phenomenon=pl.lit(ALL))
    found = quality_by_phenomenon(both, pl.concat([every, canary]))
    return found.rename({"b_cubed_recall_reachable": "b_cubed_recall"}).select(
        pl.lit(run_id).alias("run_id"), *CANARY_QUALITY[1:]
    )


def write_canaries(touchpoints: Path, folder: Path, key: bytes) -> pl.DataFrame:
    """Writes the canaries, and real namesakes, as canonical tables of the run's own shape.

    Returns:
        The truth: record_id, role, person_id, phenomenon.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows, truth = canary_rows(key)
    namesakes = _namesakes(touchpoints, rows)
    for path in sorted(touchpoints.glob("*.parquet")):
        empty = pl.DataFrame(schema=pl.read_parquet_schema(path))
        parts = [empty]
        if rows.get(path.stem):
            invented = pl.DataFrame(rows[path.stem], infer_schema_length=None)
            parts.append(invented.select(pl.col(name).cast(empty.schema[name]) for name in invented.columns))
        if path.stem in _OF_NAMESAKES:
            parts.append(pl.scan_parquet(path).join(namesakes.lazy(), on="record_id", how="semi").collect())
        pl.concat(parts, how="diagonal").write_parquet(folder / path.name)
    return pl.DataFrame(truth)


def _namesakes(touchpoints: Path, rows: dict[str, list[dict[str, Any]]]) -> pl.DataFrame:
    """Real records with a canary's name, a bounded number, none of which carries a canary's identifier."""
    names = {row["value"] for row in rows["attribute"] if row["name"] == "name"}
    taken = {row["id_value"] for row in rows["identifier"]}
    attribute = pl.scan_parquet(touchpoints / "attribute.parquet")
    alike = attribute.filter((pl.col("name") == "name") & pl.col("value").is_in(sorted(names))).select("record_id")
    clash = pl.scan_parquet(touchpoints / "identifier.parquet").filter(pl.col("id_value").is_in(sorted(taken)))
    found = alike.unique().join(clash.select("record_id"), on="record_id", how="anti").sort("record_id")
    return found.head(MOST_NAMESAKES).collect()


def is_canary(record_id: pl.Expr) -> pl.Expr:
    """Whether a record is a canary's; true of nothing that is published."""
    return record_id.str.starts_with(CANARY)
