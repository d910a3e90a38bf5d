"""Trained models: training by EM, and the store of what was trained.

Belongs here: the parameters of a scheme. A trained model is a JSON file with a training report beside it; a run
uses the newest and never trains over it silently.
"""

import json
import logging
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from common.errors import UsageError
from identity.scoring.scheme import Scheme

# Below this, EM has too few matches to learn from, and the shipped model knows better.
TRAINING_MINIMUM = 4_000


@dataclass(frozen=True)
class Model:
    """A trained model.

    Attributes:
        name: the version, `shipped` or the file's stem.
        settings: Splink's settings with trained parameters.
        is_new: trained in this run.
        prior: chance that two rows picked at random are one person; null: one duplicate for each row that is scored.
    """

    name: str
    settings: dict[str, Any]
    is_new: bool = False
    prior: float | None = None


def load_or_train(
    models: Path, material: Callable[[], tuple[pl.DataFrame, pl.DataFrame]], scheme: Scheme, *, is_first: bool = True
) -> Model:
    """The model that a run scores with: the newest version; trained only on a home's first run (see `models_store`).

    Args:
        models: the home's model folder.
        material: gives what `train` trains on: descriptions and distinct people.
        scheme: what the model is of; its shipped model serves where none is trained.
        is_first: nothing has been published before. Later runs keep to the model that the ids rest on.
    """
    kept = sorted(models.glob("splink-*.json"))
    if is_first and not kept:
        descriptions, distinct = material()
        if len(descriptions) >= TRAINING_MINIMUM:
            return _train_and_keep(models, f"splink-{len(kept) + 1:04d}", descriptions, distinct, scheme)
    if kept:
        return Model(kept[-1].stem, json.loads(kept[-1].read_text("utf-8")))
    if scheme.shipped_model:
        return Model("shipped", json.loads(scheme.shipped_model.read_text("utf-8")))
    raise UsageError(
        f"There is no model of {scheme.name} and too few rows to train one; {TRAINING_MINIMUM:,} are enough."
    )


def _train_and_keep(
    models: Path, name: str, descriptions: pl.DataFrame, distinct: pl.DataFrame, scheme: Scheme
) -> Model:
    trained, report = train(descriptions, distinct, scheme)
    models.mkdir(parents=True, exist_ok=True)
    (models / f"{name}.report.txt").write_text(report, "utf-8")
    fresh = models / f".{name}.json"
    fresh.write_text(json.dumps(trained, ensure_ascii=False, indent=1), "utf-8")
    fresh.replace(models / f"{name}.json")
    return Model(name, trained, is_new=True)


def train(
    descriptions: pl.DataFrame, distinct: pl.DataFrame, scheme: Scheme, *, u_pairs: float = 1e6
) -> tuple[dict[str, Any], str]:
    """Trains the model: u by random sampling among people, m by EM among descriptions.

    Args:
        descriptions: candidates made of single descriptions, so that people are there many times over.
        distinct: candidates made of sure clusters, so that nearly every pair is of two people: among descriptions a
            random pair is one person's often enough to spoil the u of rare agreements.
        scheme: what is compared.
        u_pairs: random pairs to sample.

    Returns:
        The trained settings, and Splink's own account of the training.
    """
    from splink import DuckDBAPI, Linker
    from splink.internals.exceptions import EMTrainingException

    logging.getLogger("splink").setLevel(logging.ERROR)
    con = duckdb.connect()
    # One thread: float sums then come in one order, and the same rows train the same model to the last digit.
    con.execute("set threads = 1")
    account = StringIO()
    try:
        api = DuckDBAPI(connection=con)
        for name, rows in (("descriptions", descriptions), ("distinct_people", distinct)):
            con.register("rows", rows.to_arrow())
            con.execute(f"create table {name} as select * from rows order by unique_id")
            con.unregister("rows")
        with redirect_stdout(account), redirect_stderr(account):
            sampled = Linker(api.register("distinct_people"), scheme.settings(), log_level="ERROR")
            sampled.training.estimate_u_using_random_sampling(max_pairs=u_pairs)
            linker = Linker(api.register("descriptions"), sampled.misc.save_model_to_json(None), log_level="ERROR")
            for rule in scheme.training_rules:
                try:
                    linker.training.estimate_parameters_using_expectation_maximisation(rule, max_pairs=1e6)
                # A brand without birth dates has no pairs under that rule; one whose pairs under it are all of one
                # kind drives a probability to nought, which Splink refuses. The other rules, and what is expected,
                # then speak for the comparison.
                except (EMTrainingException, ValueError) as problem:
                    account.write(f"\nNothing learned where {rule}: {str(problem).splitlines()[0]}\n")
        return _shrunk(linker.misc.save_model_to_json(None), scheme), account.getvalue()
    finally:
        con.close()


# How much of a trained m is the expectation's, as if that share of the matches had not been seen.
_EXPECTED_SHARE = 0.1


def _shrunk(trained: dict[str, Any], scheme: Scheme) -> dict[str, Any]:
    """The trained model with its m drawn a little towards what is expected, and gaps filled from there."""
    for comparison in trained["comparisons"]:
        levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        expected = scheme.expected[comparison["output_column_name"]]
        for level, (m, u) in zip(levels, expected, strict=True):
            seen = level.get("m_probability")
            level["m_probability"] = m if seen is None else (1 - _EXPECTED_SHARE) * seen + _EXPECTED_SHARE * m
            level["u_probability"] = max(level.get("u_probability") or u, 1e-7)
        for which in ("m_probability", "u_probability"):
            total = sum(level[which] for level in levels)
            for level in levels:
                level[which] = round(level[which] / total, 10)
    # Splink draws this name at random; the same files shall train the same model file.
    return {**trained, "linker_uid": "guiyi"}
