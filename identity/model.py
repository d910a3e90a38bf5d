"""The scoring model: its comparisons, its training by EM, and the store of trained models.

Belongs here: what Splink is told. A trained model is a JSON file with a training report beside it; a run uses the
newest and never trains over it silently.
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

from identity.names import agreement_sql

SHIPPED_MODEL = Path(__file__).parent / "models" / "retail_zh.json"
# Below this, EM has too few matches to learn from, and the shipped model knows better.
TRAINING_MINIMUM = 4_000
# A file of this name in the home's model folder asks the next run to train anew.
TRAIN_REQUEST = "train"


@dataclass(frozen=True)
class Model:
    """A trained model.

    Attributes:
        name: the version, `shipped` or the file's stem.
        settings: Splink's settings with trained parameters.
        is_new: trained in this run.
    """

    name: str
    settings: dict[str, Any]
    is_new: bool = False


def load_or_train(
    models: Path, material: Callable[[], tuple[pl.DataFrame, pl.DataFrame]], *, is_first: bool = True
) -> Model:
    """The model that a run scores with; trained only on a home's first run, or where the file `train` asks for it.

    Args:
        models: the home's model folder.
        material: gives what `train` trains on: descriptions and distinct people.
        is_first: nothing has been published before. Later runs keep to the model that the ids rest on.
    """
    kept = sorted(models.glob("splink-*.json"))
    is_asked = (models / TRAIN_REQUEST).exists()
    if is_asked or (is_first and not kept):
        descriptions, distinct = material()
        if len(descriptions) >= TRAINING_MINIMUM:
            return _train_and_keep(models, f"splink-{len(kept) + 1:04d}", descriptions, distinct)
    if kept:
        return Model(kept[-1].stem, json.loads(kept[-1].read_text("utf-8")))
    return Model("shipped", json.loads(SHIPPED_MODEL.read_text("utf-8")))


def _train_and_keep(models: Path, name: str, descriptions: pl.DataFrame, distinct: pl.DataFrame) -> Model:
    trained, report = train(descriptions, distinct)
    models.mkdir(parents=True, exist_ok=True)
    (models / f"{name}.report.txt").write_text(report, "utf-8")
    fresh = models / f".{name}.json"
    fresh.write_text(json.dumps(trained, ensure_ascii=False, indent=1), "utf-8")
    fresh.replace(models / f"{name}.json")
    (models / TRAIN_REQUEST).unlink(missing_ok=True)
    return Model(name, trained, is_new=True)


def train(descriptions: pl.DataFrame, distinct: pl.DataFrame, *, u_pairs: float = 1e6) -> tuple[dict[str, Any], str]:
    """Trains the model: u by random sampling among people, m by EM among descriptions.

    Args:
        descriptions: candidates made of single descriptions, so that people are there many times over.
        distinct: candidates made of sure clusters, so that nearly every pair is of two people: among descriptions a
            random pair is one person's often enough to spoil the u of rare agreements.
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
            sampled = Linker(api.register("distinct_people"), settings(), log_level="ERROR")
            sampled.training.estimate_u_using_random_sampling(max_pairs=u_pairs)
            linker = Linker(api.register("descriptions"), sampled.misc.save_model_to_json(None), log_level="ERROR")
            for rule in _TRAINING_RULES:
                try:
                    linker.training.estimate_parameters_using_expectation_maximisation(rule, max_pairs=1e6)
                # A brand without birth dates has no pairs under that rule; one whose pairs under it are all of one
                # kind drives a probability to nought, which Splink refuses. The other rules, and what is expected,
                # then speak for the comparison.
                except (EMTrainingException, ValueError) as problem:
                    account.write(f"\nNothing learned where {rule}: {str(problem).splitlines()[0]}\n")
        return _shrunk(linker.misc.save_model_to_json(None)), account.getvalue()
    finally:
        con.close()


# What is expected of each level before any data: m and u probabilities, in the order of the comparison's levels.
# EM on one brand's files never meets some levels (an abroad-only e-mail, a rare slip) and drives others to nought.
_EXPECTED = {
    "name": [(0.80, 3e-4), (0.03, 1e-4), (0.06, 1e-3), (0.06, 2e-2), (0.05, 0.98)],
    "phone": [(0.50, 5e-6), (0.30, 1.2e-4), (0.20, 0.9998)],
    "address": [(0.45, 1e-5), (0.15, 2e-4), (0.15, 0.01), (0.15, 0.05), (0.10, 0.94)],
    "birth_date": [(0.94, 5e-5), (0.03, 3e-3), (0.03, 0.997)],
    "gender": [(0.97, 0.5), (0.03, 0.5)],
    "email": [(0.75, 5e-6), (0.10, 1e-4), (0.15, 0.9999)],
}
# How much of a trained m is the expectation's, as if that share of the matches had not been seen.
_EXPECTED_SHARE = 0.1


def _shrunk(trained: dict[str, Any]) -> dict[str, Any]:
    """The trained model with its m drawn a little towards what is expected, and gaps filled from there."""
    for comparison in trained["comparisons"]:
        levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        expected = _EXPECTED[comparison["output_column_name"]]
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


# Each rule fixes what it blocks on, so together they must leave every comparison free at least once.
_TRAINING_RULES = (
    "l.name = r.name and l.city_code = r.city_code",
    "l.birth_date = r.birth_date and l.surname = r.surname",
    "l.doors[1] = r.doors[1] and l.surname = r.surname",
    "l.phones[1] = r.phones[1]",
)


def settings(n_candidates: int | None = None) -> dict[str, Any]:
    """Splink's settings, untrained.

    Args:
        n_candidates: how many rows will be scored; the prior is one duplicate for each of them.
    """
    prior = 1 / n_candidates if n_candidates else 1e-5
    return {
        "link_type": "dedupe_only",
        "probability_two_random_records_match": prior,
        # Coarser than Splink's own 1e-4 and 25: levels without a match would otherwise shrink until they underflow.
        "em_convergence": 0.001,
        "max_iterations": 12,
        "retain_matching_columns": True,
        "retain_intermediate_calculation_columns": True,
        "blocking_rules_to_generate_predictions": ["l.name = r.name and l.city_code = r.city_code"],
        "comparisons": [
            _name_comparison(),
            _phone_comparison(),
            _address_comparison(),
            _birth_comparison(),
            _gender_comparison(),
            _email_comparison(),
        ],
    }


def _level(sql: str, label: str, **more: Any) -> dict[str, Any]:
    return {"sql_condition": sql, "label_for_charts": label, **more}


def _null(sql: str) -> dict[str, Any]:
    return _level(sql, "not told", is_null_level=True)


def _name_comparison() -> dict[str, Any]:
    agreement = agreement_sql("{}_l", "{}_r")
    return {
        "output_column_name": "name",
        "comparison_levels": [
            _null("name_l is null or name_r is null"),
            _level(
                "full_name_l = full_name_r",
                "same name",
                tf_adjustment_column="full_name",
                tf_adjustment_weight=1.0,
            ),
            _level(f"({agreement}) = 'homophone'", "same sound"),
            _level(f"({agreement}) in ('one_character', 'swapped', 'typo')", "one character or the order differs"),
            _level(f"({agreement}) in ('masked', 'surname')", "what the mask or title shows agrees"),
            _level("ELSE", "names differ"),
        ],
    }


def _phone_comparison() -> dict[str, Any]:
    return {
        "output_column_name": "phone",
        "comparison_levels": [
            _null("phone_forms_l is null or phone_forms_r is null"),
            _level("list_has_any(phones_l, phones_r)", "same phone"),
            _level("list_has_any(phone_forms_l, phone_forms_r)", "the masked phone agrees"),
            _level("ELSE", "phones differ"),
        ],
    }


def _address_comparison() -> dict[str, Any]:
    return {
        "output_column_name": "address",
        "comparison_levels": [
            _null("cities_l is null or cities_r is null"),
            _level("list_has_any(addresses_l, addresses_r)", "same address"),
            _level("list_has_any(doors_l, doors_r)", "same estate, building, unit and room"),
            _level("list_has_any(districts_l, districts_r)", "same district"),
            _level("list_has_any(cities_l, cities_r)", "same city"),
            _level("ELSE", "other city"),
        ],
    }


def _birth_comparison() -> dict[str, Any]:
    same_parts = " or ".join(
        f"(year(birth_date_l) {y} year(birth_date_r) and month(birth_date_l) {m} month(birth_date_r) "
        f"and day(birth_date_l) {d} day(birth_date_r))"
        for y, m, d in (("<>", "=", "="), ("=", "<>", "="), ("=", "=", "<>"))
    )
    return {
        "output_column_name": "birth_date",
        "comparison_levels": [
            _null("birth_date_l is null or birth_date_r is null"),
            _level("birth_date_l = birth_date_r", "same birth date"),
            _level(same_parts, "two parts of the birth date agree"),
            _level("ELSE", "birth dates differ"),
        ],
    }


def _gender_comparison() -> dict[str, Any]:
    return {
        "output_column_name": "gender",
        "comparison_levels": [
            _null("gender_l is null or gender_r is null"),
            _level("gender_l = gender_r", "same gender"),
            _level("ELSE", "genders differ"),
        ],
    }


def _email_comparison() -> dict[str, Any]:
    return {
        "output_column_name": "email",
        "comparison_levels": [
            _null("emails_l is null or emails_r is null"),
            _level("list_has_any(emails_l, emails_r)", "same e-mail"),
            _level("list_has_any(email_names_l, email_names_r)", "same e-mail name at another provider"),
            _level("ELSE", "e-mails differ"),
        ],
    }
