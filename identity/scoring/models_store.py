"""The store of models: candidates that were trained, versions that serve, and how one becomes the other.

`candidate-0001.json` is trained and not used; promoting makes it the next `splink-0002.json`, and runs use the newest
of those. Versions are never changed and never used again under another content. Belongs here: files and figures of
models; training itself is in `model`, the scoring in `score`.
"""

import json
import math
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from common.errors import UsageError
from identity.registry import load_registry
from identity.rules.judge import judge
from identity.rules.lifetimes import parties_in_time
from identity.rules.sure import sure_clusters
from identity.scoring.candidates import candidates, descriptions
from identity.scoring.model import TRAINING_MINIMUM, Model, train
from identity.scoring.scheme import Scheme

SHIPPED: Final = "shipped"
# The name that a model goes by in a store that it is lent to.
LENT: Final = "splink-0001"
_NAME: Final = re.compile(r"(candidate|splink)-(\d{4})")


@dataclass(frozen=True)
class Stored:
    """A model of the store.

    Attributes:
        name: `shipped`, `splink-0001`, `candidate-0001`.
        is_serving: the next run scores with it.
        note: what is known of its making, empty where nothing is.
    """

    name: str
    is_serving: bool
    note: dict[str, Any]


def stored(models: Path, scheme: Scheme) -> list[Stored]:
    """Every model there is, the shipped one first, candidates last."""
    names = sorted((p.stem for p in models.glob("*.json") if _NAME.fullmatch(p.stem)), key=lambda n: (n[0] != "s", n))
    serving = max((name for name in names if name.startswith("splink-")), default=SHIPPED)
    shipped = [SHIPPED] if scheme.shipped_model else []
    return [Stored(name, name == serving, _note(models, name)) for name in (*shipped, *names)]


def serving(models: Path, scheme: Scheme) -> str:
    """The name of the model that the next run scores with."""
    return next((one.name for one in stored(models, scheme) if one.is_serving), SHIPPED)


def load_model(models: Path, name: str, scheme: Scheme) -> Model:
    """A model by name.

    Raises:
        UsageError: the store has no such model.
    """
    path = scheme.shipped_model if name == SHIPPED else models / f"{name}.json"
    if path is None or not path.exists() or (name != SHIPPED and not _NAME.fullmatch(name)):
        known = ", ".join(one.name for one in stored(models, scheme))
        raise UsageError(f"There is no model {name}; there are {known}.")
    return Model(name, json.loads(path.read_text("utf-8")))


def lend(models: Path, model: Model, folder: Path) -> None:
    """Lays a model, with the figures frozen with it, into an empty store of its own, where it serves.

    Args:
        models: the store that it is from.
        model: the model.
        folder: of the other store; made here.
    """
    folder.mkdir(parents=True)
    (folder / f"{LENT}.json").write_text(json.dumps(model.settings, ensure_ascii=False), "utf-8")
    frozen = models / f"frozen-{model.name}.json"
    if frozen.exists():
        shutil.copyfile(frozen, folder / f"frozen-{LENT}.json")


def report_of(models: Path, name: str) -> str:
    """Splink's account of the training of a model, empty where none was kept."""
    path = models / f"{name}.report.txt"
    return path.read_text("utf-8") if path.exists() else ""


def train_candidate(
    models: Path, touchpoints: Path, scheme: Scheme, note: dict[str, Any], *, registry: Path | None = None
) -> Stored:
    """Trains a model on canonical tables and keeps it as a candidate, which no run uses.

    Args:
        models: the home's folder of models.
        touchpoints: folder of canonical tables.
        scheme: the parties' scheme.
        note: what to remember of its making, as the run whose tables these are and the time.
        registry: the brand's own identifier types, if it has some.

    Raises:
        UsageError: the tables say too little to train on.
    """
    types = load_registry(own=registry)
    parties = parties_in_time(touchpoints, types)
    distinct = candidates(parties, sure_clusters(parties, judge(parties, types), types).label)
    described = candidates(parties, descriptions(parties))
    if len(described) < TRAINING_MINIMUM:
        raise UsageError(
            f"There are {len(described):,} descriptions of people, too few to train on; {TRAINING_MINIMUM:,} are "
            "enough. The model that serves goes on serving."
        )
    settings, report = train(described, distinct, scheme)
    name = _next(models, "candidate")
    told = note | {"n_descriptions": len(described), "n_people": len(distinct)}
    _keep(models, name, settings, report, told)
    return Stored(name, False, told)


def promote(models: Path, name: str, scheme: Scheme, note: dict[str, Any]) -> str:
    """Makes a model the one that the next run scores with: a new version of the same content.

    Args:
        note: what to remember, as the time and who did it.

    Returns:
        The new version's name; the name itself where it serves already.

    Raises:
        UsageError: the store has no such model.
    """
    model = load_model(models, name, scheme)
    if name == serving(models, scheme):
        return name
    version = _next(models, "splink")
    _keep(
        models, version, model.settings, report_of(models, name), _note(models, name) | note | {"promoted_from": name}
    )
    return version


def _next(models: Path, kind: str) -> str:
    numbers = [int(found[2]) for p in models.glob(f"{kind}-*.json") if (found := _NAME.fullmatch(p.stem))]
    return f"{kind}-{max(numbers, default=0) + 1:04d}"


def _keep(models: Path, name: str, settings: dict[str, Any], report: str, note: dict[str, Any]) -> None:
    """The model last: what has no model file is not there."""
    models.mkdir(parents=True, exist_ok=True)
    (models / f"{name}.report.txt").write_text(report, "utf-8")
    (models / f"{name}.note").write_text(json.dumps(note, ensure_ascii=False, indent=1), "utf-8")
    fresh = models / f".{name}.json"
    fresh.write_text(json.dumps(settings, ensure_ascii=False, indent=1), "utf-8")
    fresh.replace(models / f"{name}.json")


def _note(models: Path, name: str) -> dict[str, Any]:
    path = models / f"{name}.note"
    note: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return note


def levels(model: Model) -> pl.DataFrame:
    """A model's levels: comparison, level (0 is the disagreement), label, m, u, weight (log2 of m over u)."""
    rows = []
    for comparison in model.settings["comparisons"]:
        told = [x for x in comparison["comparison_levels"] if not x.get("is_null_level")]
        for n, level in enumerate(told):
            m, u = float(level["m_probability"]), float(level["u_probability"])
            label = str(level["label_for_charts"])
            rows.append((comparison["output_column_name"], len(told) - 1 - n, label, m, u, math.log2(m / u)))
    return pl.DataFrame(rows, schema=_LEVELS, orient="row")


_LEVELS: Final = {
    "comparison": pl.String, "level": pl.Int64, "label": pl.String, "m": pl.Float64, "u": pl.Float64,
    "weight": pl.Float64,
}  # fmt: skip
